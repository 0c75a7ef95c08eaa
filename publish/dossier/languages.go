package dossier

import (
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// phrases are the fixed words of a page in one language: all that stands around a document's own text.
type phrases struct {
	kicker       string // of an alert
	targeted     string // titles of alerts, by reason
	impersonated string
	everyone     string
	meanings     [5]string // of the TLP labels, the freest first
	group        string    // sharing group
	received     string    // time
	unknown      string    // for a time
	version      string    // campaign, version
	messages     string    // title of the list of the reader's own messages
	digits       string    // what the list holds
	made         string    // version
	synthetic    string    // what an invented document is; before its colon the word alone
}

// phrasesIn gives those of a language, English for one that is not known.
func phrasesIn(language string) phrases {
	switch language {
	case "de":
		return phrases{kicker: "Warnung", targeted: "Ihre Organisation war Ziel feindlicher E-Mails",
			impersonated: "Der Name Ihrer Organisation wird in feindlichen E-Mails missbraucht", everyone: "Feindliche E-Mails gegen Organisationen der Lieferkette",
			meanings: [5]string{"Darf ohne Einschränkung weitergegeben werden.", "Nur innerhalb Ihrer Gemeinschaft weitergeben, nicht öffentlich.",
				"Nur in Ihrer Organisation und an deren Kunden weitergeben, soweit sie es wissen müssen.",
				"Nur in Ihrer Organisation weitergeben, an Personen, die es wissen müssen.", "Nur für die genannten Empfänger bestimmt."},
			group: "Verteilerkreis: %s.", received: "letzte Nachricht empfangen: %s", unknown: "unbekannt", version: "%s, Version %d", messages: "Nachrichten, die Sie erreicht haben",
			digits:    "Dies sind die ersten Stellen der SHA-256-Summen, unter denen die Nachrichten gespeichert sind; die Datei your-messages.csv enthält sie ganz, mit Zeiten.",
			made:      "Erstellt von coldwatch, %s. Diese Seite lädt nichts von anderswo.",
			synthetic: "Synthetisch: erfundene Daten zur Vorführung. Solche E-Mails wurden nicht versandt."}
	case "fr":
		return phrases{kicker: "Alerte", targeted: "Votre organisation a été visée par des courriels hostiles",
			impersonated: "Le nom de votre organisation est usurpé dans des courriels hostiles", everyone: "Courriels hostiles contre des organisations de la chaîne d'approvisionnement",
			meanings: [5]string{"Peut être diffusé sans limite.", "À partager au sein de votre communauté, pas en public.",
				"À partager au sein de votre organisation et avec ses clients qui ont besoin d'en connaître.",
				"À partager au sein de votre organisation seulement, avec ceux qui ont besoin d'en connaître.", "Réservé aux destinataires nommés."},
			group: "Groupe de partage : %s.", received: "dernier message reçu : %s", unknown: "inconnu", version: "%s, version %d", messages: "Messages que vous avez reçus",
			digits:    "Ce sont les premiers chiffres des empreintes SHA-256 sous lesquelles les messages sont conservés ; le fichier your-messages.csv les contient en entier, avec les heures.",
			made:      "Établi par coldwatch, %s. Cette page ne charge rien d'ailleurs.",
			synthetic: "Synthétique : données inventées pour une démonstration. Ces courriels n'ont pas été envoyés."}
	case "es":
		return phrases{kicker: "Alerta", targeted: "Su organización fue objetivo de correos hostiles",
			impersonated: "Correos hostiles abusan del nombre de su organización", everyone: "Correos hostiles contra organizaciones de la cadena de suministro",
			meanings: [5]string{"Puede difundirse sin límite.", "Compártase dentro de su comunidad, no en público.",
				"Compártase dentro de su organización y con los clientes que necesiten saberlo.",
				"Compártase solo dentro de su organización, con quienes necesiten saberlo.", "Solo para los destinatarios nombrados."},
			group: "Grupo de intercambio: %s.", received: "último mensaje recibido: %s", unknown: "desconocido", version: "%s, versión %d", messages: "Mensajes que le llegaron",
			digits:    "Son los primeros dígitos de las sumas SHA-256 con las que se guardan los mensajes; el archivo your-messages.csv las contiene enteras, con las horas.",
			made:      "Hecho por coldwatch, %s. Esta página no carga nada de otro lugar.",
			synthetic: "Sintético: datos inventados para una demostración. Estos correos no se enviaron."}
	case "it":
		return phrases{kicker: "Avviso", targeted: "La vostra organizzazione è stata bersaglio di messaggi ostili",
			impersonated: "Messaggi ostili abusano del nome della vostra organizzazione", everyone: "Messaggi ostili contro organizzazioni della catena di fornitura",
			meanings: [5]string{"Si può diffondere senza limiti.", "Da condividere nella vostra comunità, non in pubblico.",
				"Da condividere nella vostra organizzazione e con i clienti che hanno necessità di sapere.",
				"Da condividere solo nella vostra organizzazione, con chi ha necessità di sapere.", "Solo per i destinatari nominati."},
			group: "Gruppo di condivisione: %s.", received: "ultimo messaggio ricevuto: %s", unknown: "ignoto", version: "%s, versione %d", messages: "Messaggi che avete ricevuto",
			digits:    "Sono le prime cifre delle somme SHA-256 con cui sono conservati i messaggi; il file your-messages.csv le contiene intere, con gli orari.",
			made:      "Prodotto da coldwatch, %s. Questa pagina non carica nulla da altrove.",
			synthetic: "Sintetico: dati inventati per una dimostrazione. Questi messaggi non sono stati inviati."}
	case "cs":
		return phrases{kicker: "Varování", targeted: "Vaše organizace byla cílem nepřátelských e-mailů",
			impersonated: "Nepřátelské e-maily zneužívají jméno vaší organizace", everyone: "Nepřátelské e-maily proti organizacím dodavatelského řetězce",
			meanings: [5]string{"Lze šířit bez omezení.", "Sdílejte ve své komunitě, ne veřejně.",
				"Sdílejte ve své organizaci a s jejími klienty, kteří to potřebují vědět.",
				"Sdílejte jen ve své organizaci, s těmi, kdo to potřebují vědět.", "Jen pro jmenované příjemce."},
			group: "Skupina pro sdílení: %s.", received: "poslední zpráva přijata: %s", unknown: "neznámo", version: "%s, verze %d", messages: "Zprávy, které vám přišly",
			digits:    "Jsou to první číslice součtů SHA-256, pod kterými jsou zprávy uloženy; soubor your-messages.csv je obsahuje celé, s časy.",
			made:      "Vytvořil coldwatch, %s. Tato stránka nenačítá nic odjinud.",
			synthetic: "Syntetické: vymyšlená data pro ukázku. Takové e-maily nebyly odeslány."}
	case "ko":
		return phrases{kicker: "경보", targeted: "귀 조직이 악성 메일의 표적이 되었습니다",
			impersonated: "귀 조직의 이름이 악성 메일에 도용되고 있습니다", everyone: "공급망 조직을 노리는 악성 메일",
			meanings: [5]string{"제한 없이 공유할 수 있습니다.", "귀 커뮤니티 안에서만 공유하고 공개하지 마십시오.",
				"귀 조직과, 알아야 할 필요가 있는 귀 조직의 고객에게만 공유하십시오.",
				"귀 조직 안에서 알아야 할 필요가 있는 사람에게만 공유하십시오.", "지정된 수신자만 볼 수 있습니다."},
			group: "공유 그룹: %s.", received: "마지막 메일 수신: %s", unknown: "알 수 없음", version: "%s, 버전 %d", messages: "귀 조직이 받은 메일",
			digits:    "메일이 저장된 SHA-256 값의 앞자리입니다. your-messages.csv 파일에 전체 값과 시각이 있습니다.",
			made:      "coldwatch 작성, %s. 이 페이지는 외부에서 아무것도 불러오지 않습니다.",
			synthetic: "가상: 시연을 위해 만든 데이터입니다. 이런 메일은 발송되지 않았습니다."}
	case "zh-Hant":
		return phrases{kicker: "警訊", targeted: "貴組織是惡意郵件的目標",
			impersonated: "惡意郵件冒用貴組織的名稱", everyone: "針對供應鏈組織的惡意郵件",
			meanings: [5]string{"可不受限制地分享。", "僅限在貴社群內分享，不得公開。", "僅限在貴組織內，以及與有必要知悉的客戶分享。",
				"僅限在貴組織內，與有必要知悉的人分享。", "僅供指定的收件人閱讀。"},
			group: "分享群組：%s。", received: "最後收到郵件的時間：%s", unknown: "不明", version: "%s，版本 %d", messages: "貴組織收到的郵件",
			digits:    "這些是郵件儲存時所用 SHA-256 值的前幾位；your-messages.csv 檔案載有完整的值與時間。",
			made:      "由 coldwatch 製作，%s。本頁不會從其他地方載入任何內容。",
			synthetic: "虛構：為示範而編造的資料。這些郵件並未寄出。"}
	}
	return phrases{kicker: "Warning",
		meanings: [5]string{"This may be shared without limit.", "Share within your community, not in public.",
			"Share within your organisation and with its clients who need to know.",
			"Share within your organisation only, with those who need to know.", "For the eyes and ears of the named recipients only."},
		group: "Sharing group: %s.", received: "last message received %s", unknown: "unknown", version: "%s version %d", messages: "Messages that reached you",
		digits:    "These are the first digits of the SHA-256 by which the mail is stored; the file your-messages.csv has them whole, with times.",
		made:      "Made by coldwatch, %s. Nothing in this page loads anything from elsewhere.",
		synthetic: "Synthetic: invented data for a demonstration. No such mail was sent."}
}

// title is an alert's, by the reason of its warning; "" where the language leaves the warning's subject.
func (v phrases) title(reason string) string {
	switch reason {
	case "targeted":
		return v.targeted
	case "impersonated":
		return v.impersonated
	}
	return v.everyone
}

// Meaning says what the document's TLP label lets the reader do, and names the sharing group.
func (d *Document) Meaning() string {
	v := phrasesIn(d.Language)
	s := v.meanings[Level(d.Marking.TLP)]
	if d.Marking.Group != "" {
		s += " " + fmt.Sprintf(v.group, d.Marking.Group)
	}
	return s
}

// Received says when the last message was received.
func (d *Document) Received() string {
	v := phrasesIn(d.Language)
	at := v.unknown
	if !d.Made.IsZero() {
		at = Minute(d.Made)
	}
	return fmt.Sprintf(v.received, at)
}

// MadeBy says what made the page.
func (d *Document) MadeBy() string { return fmt.Sprintf(phrasesIn(d.Language).made, d.Version) }

// Invented says that the document is synthetic, "" when it is not.
func (d *Document) Invented() string {
	if !d.Synthetic {
		return ""
	}
	return phrasesIn(d.Language).synthetic
}

// InventedWord is the word for it alone, "" when the document is not synthetic.
func (d *Document) InventedWord() string {
	word, _, _ := strings.Cut(strings.Replace(d.Invented(), "：", ":", 1), ":")
	return strings.ToLower(strings.TrimSpace(word))
}

func (v phrases) versionOf(w coldwatch.Warning) string {
	return fmt.Sprintf(v.version, Visible(w.Campaign), w.Version)
}
