// Package provider tests signing in by OpenID Connect against a real provider, that of zitadel/oidc, which is certified for the
// Basic profile of OpenID Connect Core 1.0. It is a module of its own, so that coldwatch does not depend on a provider:
//
//	cd console/account/provider
//	go test .
package provider
