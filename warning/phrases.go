package warning

import (
	"fmt"
	"time"
)

// A phrasebook holds an alert's sentences in one language. Facts stand as labelled words, so that no language has to
// bend them.
type phrasebook struct {
	language string // BCP 47
	date     func(time.Time) string
	chain    string // the vaccine cold chain
	other    string // any other supply chain
	opening  string // date, chain
	inName   string // date, partner, chain
	story    string // theme
	carrier  string // carrier
	aim      string // objective
	size     string // organisations, countries
	reader   map[string]string
	one      string // targeted, with one message: date
	act      string
	pointer  string
	themes   map[string]string
	carriers map[string]string
	aims     map[string]string
}

func dayMonthYear(layout string, months ...string) func(time.Time) string {
	return func(t time.Time) string {
		t = t.UTC()
		return fmt.Sprintf(layout, t.Day(), months[t.Month()-1], t.Year())
	}
}

func yearMonthDay(layout string) func(time.Time) string {
	return func(t time.Time) string {
		t = t.UTC()
		return fmt.Sprintf(layout, t.Year(), int(t.Month()), t.Day())
	}
}

// books gives the phrasebooks, English first.
func books() []phrasebook {
	return []phrasebook{english(), german(), french(), spanish(), italian(), czech(), korean(), chinese()}
}

func english() phrasebook {
	return phrasebook{
		language: "en",
		date: dayMonthYear("%d %s %d", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
			"November", "December"),
		chain: "the vaccine cold chain", other: "the supply chain",
		opening: "Since %s, hostile mail has reached organisations of %s.",
		inName:  "Since %s, hostile mail in the name of %s has reached organisations of %s.",
		story:   "Story: %s.", carrier: "Carrier: %s.", aim: "Aim: %s.",
		size: "At least %d organisations in %d countries were hit.",
		one:  "Your organisation received one of these messages, on %s.",
		reader: map[string]string{
			Targeted:     "Your organisation received %d of these messages, the first on %s.",
			Impersonated: "The messages misuse the name of your organisation; tell your partners which domains are yours.",
			LikelyNext:   "Your organisation was not seen among those hit, but resembles them.",
			Role:         "Your organisation has the role and the country of organisations that were hit.",
			Everyone:     "This alert is for all organisations that make, store, move or clear goods of the chain.",
			Government:   "This alert is for authorities and CERTs that look after organisations of the chain.",
		},
		act:     "Do not open the attachment or sign in from such a message. Check the request with the sender by a telephone number that you know. Search your mail, reset passwords that were typed, and report what you find.",
		pointer: "Details and indicators are in the full text.",
		themes: map[string]string{"quotation": "request for quotation", "tender": "tender", "order": "order", "contract": "contract", "invoice": "invoice",
			"customs": "customs matter", "programme": "vaccine programme", "meeting": "meeting", "document": "shared document", "account": "mail account",
			"delivery": "delivery", "charity": "donation"},
		carriers: map[string]string{"html-attachment": "HTML attachment", "archive": "archive", "pdf": "PDF file", "office": "Office document", "link": "link",
			"qr": "QR code", "message": "attached message", "text": "plain text"},
		aims: map[string]string{"credentials": "login credentials", "documents": "documents", "payment": "money", "reply": "a reply", "run-file": "running a file"},
	}
}

func german() phrasebook {
	return phrasebook{
		language: "de",
		date: dayMonthYear("%d. %s %d", "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
			"November", "Dezember"),
		chain: "der Impfstoff-Kühlkette", other: "der Lieferkette",
		opening: "Seit dem %s erreichen feindliche E-Mails Organisationen %s.",
		inName:  "Seit dem %s erreichen feindliche E-Mails im Namen von %s Organisationen %s.",
		story:   "Vorwand: %s.", carrier: "Träger: %s.", aim: "Ziel: %s.",
		size: "Mindestens %d Organisationen in %d Ländern wurden getroffen.",
		one:  "Ihre Organisation hat eine dieser Nachrichten erhalten, am %s.",
		reader: map[string]string{
			Targeted:     "Ihre Organisation hat %d dieser Nachrichten erhalten, die erste am %s.",
			Impersonated: "Die Nachrichten missbrauchen den Namen Ihrer Organisation; nennen Sie Ihren Partnern Ihre echten Domains.",
			LikelyNext:   "Ihre Organisation wurde nicht unter den getroffenen gesehen, gleicht ihnen aber.",
			Role:         "Ihre Organisation hat die Rolle und das Land von Organisationen, die getroffen wurden.",
			Everyone:     "Diese Warnung gilt allen, die Güter der Kette herstellen, lagern, befördern oder abfertigen.",
			Government:   "Diese Warnung gilt Behörden und CERTs, die für Organisationen der Kette zuständig sind.",
		},
		act:     "Öffnen Sie den Anhang nicht und melden Sie sich aus einer solchen Nachricht nirgends an. Prüfen Sie die Anfrage beim Absender über eine Ihnen bekannte Telefonnummer. Durchsuchen Sie Ihre E-Mails, setzen Sie eingegebene Passwörter zurück und melden Sie Funde.",
		pointer: "Einzelheiten und Indikatoren stehen im vollen Text.",
		themes: map[string]string{"quotation": "Angebotsanfrage", "tender": "Ausschreibung", "order": "Bestellung", "contract": "Vertrag", "invoice": "Rechnung",
			"customs": "Zollsache", "programme": "Impfprogramm", "meeting": "Besprechung", "document": "geteiltes Dokument", "account": "E-Mail-Konto",
			"delivery": "Lieferung", "charity": "Spende"},
		carriers: map[string]string{"html-attachment": "HTML-Anhang", "archive": "Archivdatei", "pdf": "PDF-Datei", "office": "Office-Dokument", "link": "Link",
			"qr": "QR-Code", "message": "angehängte Nachricht", "text": "reiner Text"},
		aims: map[string]string{"credentials": "Zugangsdaten", "documents": "Dokumente", "payment": "Geld", "reply": "eine Antwort", "run-file": "Ausführen einer Datei"},
	}
}

func french() phrasebook {
	return phrasebook{
		language: "fr",
		date: dayMonthYear("%d %s %d", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
			"novembre", "décembre"),
		chain: "la chaîne du froid des vaccins", other: "la chaîne d'approvisionnement",
		opening: "Depuis le %s, des courriels hostiles visent des organisations de %s.",
		inName:  "Depuis le %s, des courriels hostiles au nom de %s visent des organisations de %s.",
		story:   "Prétexte : %s.", carrier: "Support : %s.", aim: "But : %s.",
		size: "Au moins %d organisations dans %d pays ont été touchées.",
		one:  "Votre organisation a reçu un de ces messages, le %s.",
		reader: map[string]string{
			Targeted:     "Votre organisation a reçu %d de ces messages, le premier le %s.",
			Impersonated: "Les messages abusent du nom de votre organisation ; indiquez à vos partenaires vos vrais domaines.",
			LikelyNext:   "Votre organisation n'a pas été vue parmi celles touchées, mais elle leur ressemble.",
			Role:         "Votre organisation a le rôle et le pays d'organisations touchées.",
			Everyone:     "Cette alerte s'adresse à tous ceux qui fabriquent, stockent, transportent ou dédouanent les biens de la chaîne.",
			Government:   "Cette alerte s'adresse aux autorités et aux CERT chargés d'organisations de la chaîne.",
		},
		act:     "N'ouvrez pas la pièce jointe et ne vous connectez pas depuis un tel message. Vérifiez la demande auprès de l'expéditeur par un numéro que vous connaissez. Cherchez dans vos courriels, changez les mots de passe saisis et signalez vos constats.",
		pointer: "Les détails et les indicateurs sont dans le texte complet.",
		themes: map[string]string{"quotation": "demande de devis", "tender": "appel d'offres", "order": "commande", "contract": "contrat", "invoice": "facture",
			"customs": "affaire de douane", "programme": "programme de vaccination", "meeting": "réunion", "document": "document partagé",
			"account": "compte de messagerie", "delivery": "livraison", "charity": "don"},
		carriers: map[string]string{"html-attachment": "pièce jointe HTML", "archive": "archive", "pdf": "fichier PDF", "office": "document Office", "link": "lien",
			"qr": "code QR", "message": "message joint", "text": "texte seul"},
		aims: map[string]string{"credentials": "identifiants", "documents": "documents", "payment": "argent", "reply": "une réponse", "run-file": "exécution d'un fichier"},
	}
}

func spanish() phrasebook {
	return phrasebook{
		language: "es",
		date: dayMonthYear("%d de %s de %d", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
			"noviembre", "diciembre"),
		chain: "la cadena de frío de las vacunas", other: "la cadena de suministro",
		opening: "Desde el %s llegan correos hostiles a organizaciones de %s.",
		inName:  "Desde el %s llegan correos hostiles en nombre de %s a organizaciones de %s.",
		story:   "Pretexto: %s.", carrier: "Soporte: %s.", aim: "Objetivo: %s.",
		size: "Al menos %d organizaciones en %d países han sido alcanzadas.",
		one:  "Su organización recibió uno de estos mensajes, el %s.",
		reader: map[string]string{
			Targeted:     "Su organización recibió %d de estos mensajes, el primero el %s.",
			Impersonated: "Los mensajes abusan del nombre de su organización; indique a sus socios cuáles son sus dominios.",
			LikelyNext:   "Su organización no figura entre las alcanzadas, pero se parece a ellas.",
			Role:         "Su organización tiene la función y el país de organizaciones alcanzadas.",
			Everyone:     "Esta alerta es para quienes fabrican, almacenan, transportan o despachan bienes de la cadena.",
			Government:   "Esta alerta es para las autoridades y los CERT responsables de organizaciones de la cadena.",
		},
		act:     "No abra el archivo adjunto ni inicie sesión desde un mensaje así. Compruebe la solicitud con el remitente por un teléfono que ya conozca. Busque en su correo, cambie las contraseñas introducidas e informe de lo que encuentre.",
		pointer: "Los detalles y los indicadores están en el texto completo.",
		themes: map[string]string{"quotation": "solicitud de presupuesto", "tender": "licitación", "order": "pedido", "contract": "contrato", "invoice": "factura",
			"customs": "asunto de aduanas", "programme": "programa de vacunación", "meeting": "reunión", "document": "documento compartido",
			"account": "cuenta de correo", "delivery": "entrega", "charity": "donación"},
		carriers: map[string]string{"html-attachment": "archivo HTML adjunto", "archive": "archivo comprimido", "pdf": "archivo PDF", "office": "documento de Office",
			"link": "enlace", "qr": "código QR", "message": "mensaje adjunto", "text": "solo texto"},
		aims: map[string]string{"credentials": "credenciales", "documents": "documentos", "payment": "dinero", "reply": "una respuesta", "run-file": "ejecutar un archivo"},
	}
}
