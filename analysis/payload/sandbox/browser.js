// A stub of a browser: every name exists, nothing works, and what matters is remembered.
(function (g) {
  "use strict";
  var writes = [], urls = [], queue = [], pushed = 0;
  var stringify = JSON.stringify, Str = String, Px = Proxy, fromCode = String.fromCharCode;
  function url(kind, u) {
    try { u = Str(u); } catch (e) { return; }
    if (u && u.indexOf("[stub]") !== 0 && urls.length < 300) urls.push(kind + " " + u.slice(0, 200000).split("[stub]")[0]);
  }
  function page(s) {
    try { s = Str(s); } catch (e) { return; }
    if (s && writes.length < 5000 && (pushed += s.length) < 8000000) writes.push(s);
  }
  function later(f) {
    if (typeof f === "function" && queue.length < 500) queue.push(f);
    else if (typeof f === "string") { try { (0, eval)(f); } catch (e) {} }
  }
  function looks(args) { for (var i = 0; i < args.length; i++) { if (typeof args[i] === "function") later(args[i]); else if (args[i] && typeof args[i] === "object" && !(args[i] instanceof Array)) { for (var k in args[i]) if (typeof args[i][k] === "function") later(args[i][k]); } } }
  function call(path, last, args, self) {
    var a = args[0], b = args[1];
    switch (last) {
      case "write": case "writeln": for (var i = 0; i < args.length; i++) page(args[i]); break;
      case "insertAdjacentHTML": page(b); break;
      case "html": case "append": case "prepend": case "createContextualFragment": case "parseFromString": if (typeof a === "string" && a.indexOf("<") >= 0) page(a); break;
      case "fetch": url("fetch", a && a.url || a); break;
      case "open": if (args.length > 1 && /^(get|post|put)$/i.test(Str(a))) url("xhr", b); else url("redirect", a); break;
      case "sendBeacon": url("beacon", a); break;
      case "ajax": url("xhr", typeof a === "string" ? a : a && a.url); break;
      case "post": case "getJSON": case "getScript": url("xhr", a); break;
      case "assign": case "replace": if (path.indexOf("location") >= 0) url("redirect", a); break;
      case "setAttribute": case "attr": case "prop": if (args.length > 1) set(path, Str(a), b); break;
      case "createObjectURL": if (a && a.__parts) { page(a.__parts); } break;
    }
    looks(args);
  }
  function set(path, p, v) {
    switch (p) {
      case "innerHTML": case "outerHTML": case "srcdoc": page(v); break;
      case "action": case "formAction": url("form", v); break;
      case "location": url("redirect", v); break;
      case "href": url(path.indexOf("location") >= 0 ? "redirect" : "link", v); break;
      case "src": url("script", v); break;
    }
    if (typeof v === "function" && p.slice(0, 2) === "on") later(v);
  }
  function stub(path) {
    var store = Object.create(null), last = path.slice(path.lastIndexOf(".") + 1);
    return new Px(function () {}, {
      get: function (t, p) {
        if (typeof p === "symbol") return p === Symbol.toPrimitive ? function () { return "[stub]"; } : undefined;
        if (p in store) return store[p];
        if (p === "then") return undefined;
        if (p === "toString" || p === "valueOf") return function () { return "[stub]"; };
        if (p === "length") return 0;
        return store[p] = stub(path + "." + p);
      },
      set: function (t, p, v) { if (typeof p === "string") { set(path, p, v); store[p] = v; } return true; },
      has: function () { return true; },
      apply: function (t, self, args) { call(path, last, args, self); return stub(path + "()"); },
      construct: function (t, args) { if (last === "WebSocket") url("websocket", args[0]); looks(args); return stub("new." + last); }
    });
  }
  var alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  g.atob = function (s) {
    s = Str(s).replace(/[^A-Za-z0-9+\/]/g, "");
    var out = [], bits = 0, n = 0;
    for (var i = 0; i < s.length; i++) { bits = bits << 6 | alphabet.indexOf(s[i]); n += 6; if (n >= 8) { n -= 8; out.push(fromCode(bits >> n & 255)); bits &= (1 << n) - 1; } }
    return out.join("");
  };
  g.btoa = function (s) {
    s = Str(s); var out = "";
    for (var i = 0; i < s.length; i += 3) { var b = s.charCodeAt(i) << 16 | (s.charCodeAt(i + 1) || 0) << 8 | (s.charCodeAt(i + 2) || 0); out += alphabet[b >> 18] + alphabet[b >> 12 & 63] + (i + 1 < s.length ? alphabet[b >> 6 & 63] : "=") + (i + 2 < s.length ? alphabet[b & 63] : "="); }
    return out;
  };
  g.Blob = function (parts) { this.__parts = ""; if (parts) for (var i = 0; i < parts.length; i++) { var p = parts[i]; this.__parts += typeof p === "string" ? p : p && p.length ? Array.prototype.map.call(p, function (c) { return fromCode(c); }).join("") : ""; } };
  g.TextDecoder = function () {}; g.TextDecoder.prototype.decode = function (b) { var s = ""; for (var i = 0; i < b.length; i++) s += fromCode(b[i]); try { return decodeURIComponent(escape(s)); } catch (e) { return s; } };
  g.setTimeout = g.setInterval = g.requestAnimationFrame = function (f) { later(f); return 1; };
  g.clearTimeout = g.clearInterval = function () {};
  g.addEventListener = function (n, f) { later(f); };
  g.console = stub("console");
  ["document", "navigator", "screen", "history", "localStorage", "sessionStorage", "URL", "XMLHttpRequest", "WebSocket", "FormData", "Image", "fetch", "$", "jQuery", "axios", "alert", "open", "crypto", "MutationObserver", "DOMParser", "CryptoJS"].forEach(function (n) { g[n] = stub(n); });
  g.window = g.self = g.top = g.parent = g;
  var loc = stub("location");
  Object.defineProperty(g, "location", { get: function () { return loc; }, set: function (v) { url("redirect", v); } });
  Object.defineProperty(g, "__coldwatch", { value: function () {
    for (var round = 0; round < 4 && queue.length; round++) { var q = queue; queue = []; for (var i = 0; i < q.length; i++) for (var k = 0; k < 3; k++) { try { q[i].call(stub("target"), stub("event")); } catch (e) {} } }
    return stringify({ writes: writes, urls: urls });
  } });
})(globalThis);
