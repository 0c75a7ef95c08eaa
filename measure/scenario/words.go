package scenario

import (
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch/knowledge"
)

// A style is how one author writes: the choices that a person makes once and mostly keeps.
type style struct {
	seed  int64
	name  string
	drift float64 // chance to leave a habit
}

func newStyle(seed int64, name string) *style { return &style{seed: seed, name: name, drift: 0.2} }

// say picks a phrase from a bank: the author's usual one, or now and then another. The bank's key keeps habits apart.
func (s *style) say(d dice, key string, bank []string) string {
	if d.chance(s.drift) {
		return pick(d, bank)
	}
	return pick(newDice(s.seed, "habit", s.name, key), bank)
}

// A tongue is the sentence bank of one language for business about goods.
type tongue struct {
	hello, rfqSubject, opening, need, terms, attached, reply, close []string
	poSubject, po, offerSubject, offer, invoiceSubject, invoice     []string
	shipSubject, ship, meetSubject, meet, thread                    []string
	item                                                            string // "%d × %s"
}

var tongues = map[string]*tongue{
	"en": {
		hello:          []string{"Dear %s,", "Good day %s,", "Hello %s,", "Dear colleagues,", "To whom it may concern,"},
		rfqSubject:     []string{"Request for quotation %s", "RFQ %s - cold chain equipment", "Enquiry %s: refrigeration units", "Quotation needed, ref. %s", "RFQ no. %s"},
		opening:        []string{"We prepare the next delivery round and would like to receive your best offer.", "Our project team is collecting offers for equipment to be installed in the coming quarter.", "On behalf of our purchasing department I invite you to quote for the goods below.", "Following our plan for this year we need prices and lead times from suppliers like you."},
		need:           []string{"The scope is as follows:", "Items requested:", "Please quote for:", "Below is what we need:"},
		terms:          []string{"Please state price per unit, freight to the port of destination and warranty terms.", "Offers should be valid for 60 days and name the Incoterm (CIP or FCA).", "Kindly indicate delivery time after order and the price for installation on site.", "Payment follows our usual terms, 30 days after acceptance."},
		attached:       []string{"The full specification is in the attached file.", "You will find the bill of quantities attached.", "Please see the enclosed document for quantities and terms.", "Details and the form for your answer are enclosed."},
		reply:          []string{"We would be glad to have your offer by %s.", "Closing date for answers is %s.", "Please answer not later than %s.", "Your quotation should reach us before %s."},
		close:          []string{"Kind regards", "Best regards", "Yours sincerely", "With thanks and regards"},
		poSubject:      []string{"Purchase order %s", "PO %s", "Our order %s", "Order confirmation requested: %s"},
		po:             []string{"Please find our order for the items below and confirm receipt.", "We accept your offer and place the order as described.", "Kindly process the attached order and tell us the expected shipping date."},
		offerSubject:   []string{"Our offer %s", "Quotation %s", "Price list %s", "Offer as discussed, ref. %s"},
		offer:          []string{"Thank you for your enquiry. Our prices are given below and in the attached list.", "As requested we send you our current prices; quantities above ten units get a discount.", "Please find our quotation for the units that you asked about."},
		invoiceSubject: []string{"Invoice %s", "Invoice no. %s for your order", "Billing document %s", "Your invoice %s"},
		invoice:        []string{"Attached you find the invoice for the last delivery.", "Please settle the enclosed invoice within the agreed term.", "We thank you for your order and enclose our invoice."},
		shipSubject:    []string{"Shipping documents %s", "Pre-alert %s", "Arrival notice, AWB %s", "Consignment %s: documents"},
		ship:           []string{"The consignment left our hub today; airway bill and packing list are enclosed.", "Please arrange clearance for the shipment below, it holds temperature-controlled goods.", "The goods arrive tomorrow. Dry ice will be topped up at transit."},
		meetSubject:    []string{"Call on %s", "Meeting about the rollout (%s)", "Agenda %s", "Minutes: %s"},
		meet:           []string{"Can we speak on Thursday about the open points of the rollout?", "I send you the agenda for our call; please add what is missing.", "Here are the minutes of yesterday's meeting. Comments are welcome."},
		thread:         []string{"Thanks, that works for us.", "I have checked with the warehouse; the second pallet is complete.", "Could you send the drawing once more? The last page was missing.", "Noted, I will come back to you when production has confirmed.", "The sensor in hall two shows 4.2 °C since this morning, all is fine again."},
		item:           "%d x %s"},
	"de": {
		hello:          []string{"Sehr geehrte/r %s,", "Guten Tag %s,", "Hallo %s,", "Sehr geehrte Damen und Herren,"},
		rfqSubject:     []string{"Anfrage %s", "Angebotsanfrage %s: Kühltechnik", "Bitte um Angebot, Nr. %s"},
		opening:        []string{"für unser nächstes Projekt bitten wir Sie um ein Angebot.", "wir planen die Ausstattung weiterer Standorte und holen dafür Preise ein.", "im Auftrag unseres Einkaufs frage ich die folgenden Positionen an."},
		need:           []string{"Benötigt werden:", "Umfang der Anfrage:", "Wir bitten um Preise für:"},
		terms:          []string{"Bitte nennen Sie Stückpreis, Fracht und Lieferzeit.", "Das Angebot sollte 60 Tage gültig sein und den Incoterm nennen.", "Zahlungsziel sind 30 Tage nach Abnahme."},
		attached:       []string{"Die Leistungsbeschreibung finden Sie im Anhang.", "Alle Mengen stehen in der beigefügten Datei.", "Einzelheiten entnehmen Sie bitte der Anlage."},
		reply:          []string{"Wir freuen uns auf Ihr Angebot bis zum %s.", "Abgabefrist ist der %s.", "Bitte antworten Sie bis %s."},
		close:          []string{"Mit freundlichen Grüßen", "Freundliche Grüße", "Viele Grüße"},
		poSubject:      []string{"Bestellung %s", "Unsere Bestellung Nr. %s"},
		po:             []string{"hiermit bestellen wir die folgenden Positionen und bitten um Bestätigung.", "wir nehmen Ihr Angebot an und bestellen wie beschrieben."},
		offerSubject:   []string{"Angebot %s", "Unser Angebot Nr. %s", "Preisliste %s"},
		offer:          []string{"vielen Dank für Ihre Anfrage, unsere Preise finden Sie unten und im Anhang.", "anbei erhalten Sie unser Angebot zu den angefragten Geräten."},
		invoiceSubject: []string{"Rechnung %s", "Ihre Rechnung Nr. %s"},
		invoice:        []string{"anbei erhalten Sie die Rechnung zur letzten Lieferung.", "bitte begleichen Sie die beigefügte Rechnung innerhalb der vereinbarten Frist."},
		shipSubject:    []string{"Versanddokumente %s", "Avis %s"},
		ship:           []string{"die Sendung hat heute unser Lager verlassen, die Papiere liegen bei.", "bitte veranlassen Sie die Verzollung der temperaturgeführten Ware."},
		meetSubject:    []string{"Termin %s", "Protokoll %s"},
		meet:           []string{"können wir am Donnerstag über die offenen Punkte sprechen?", "anbei das Protokoll von gestern, Ergänzungen sind willkommen."},
		thread:         []string{"danke, das passt uns gut.", "ich habe im Lager nachgefragt, die zweite Palette ist vollständig.", "könnten Sie die Zeichnung noch einmal schicken?", "der Fühler in Halle zwei zeigt seit heute früh 4,2 °C, alles wieder in Ordnung."},
		item:           "%d Stück %s"},
	"fr": {
		hello:          []string{"Bonjour %s,", "Madame, Monsieur,", "Cher/Chère %s,"},
		rfqSubject:     []string{"Demande de devis %s", "Consultation %s : équipements frigorifiques"},
		opening:        []string{"Nous préparons l'équipement de nouveaux centres et souhaitons recevoir votre meilleure offre.", "Notre service achats vous consulte pour le matériel ci-dessous."},
		need:           []string{"Notre besoin :", "Articles demandés :"},
		terms:          []string{"Merci d'indiquer le prix unitaire, le transport et le délai.", "L'offre doit rester valable 60 jours."},
		attached:       []string{"Le cahier des charges est joint à ce message.", "Vous trouverez les quantités dans le document joint."},
		reply:          []string{"Merci de répondre avant le %s.", "La date limite est fixée au %s."},
		close:          []string{"Cordialement", "Bien à vous", "Sincères salutations"},
		poSubject:      []string{"Bon de commande %s", "Commande %s"},
		po:             []string{"Veuillez trouver notre commande et nous en confirmer la réception."},
		offerSubject:   []string{"Notre offre %s", "Tarif %s"},
		offer:          []string{"Merci de votre demande. Nos prix figurent ci-dessous et dans le document joint."},
		invoiceSubject: []string{"Facture %s", "Votre facture n° %s"},
		invoice:        []string{"Vous trouverez ci-joint la facture de la dernière livraison.", "Merci de régler la facture jointe dans le délai convenu."},
		shipSubject:    []string{"Documents d'expédition %s"},
		ship:           []string{"L'envoi est parti aujourd'hui ; les documents sont joints."},
		meetSubject:    []string{"Réunion %s", "Compte rendu %s"},
		meet:           []string{"Pouvons-nous parler jeudi des points encore ouverts ?", "Voici le compte rendu de la réunion d'hier."},
		thread:         []string{"Merci, cela nous convient.", "J'ai vérifié avec l'entrepôt, la deuxième palette est complète.", "Pourriez-vous renvoyer le plan ?"},
		item:           "%d x %s"},
	"it": {
		hello:          []string{"Gentile %s,", "Buongiorno %s,", "Spettabile ditta,"},
		rfqSubject:     []string{"Richiesta di offerta %s", "Richiesta preventivo %s"},
		opening:        []string{"stiamo preparando la fornitura per nuovi centri e vorremmo ricevere la vostra migliore offerta.", "il nostro ufficio acquisti vi chiede un preventivo per quanto segue."},
		need:           []string{"Articoli richiesti:", "Il fabbisogno:"},
		terms:          []string{"Vi preghiamo di indicare prezzo unitario, trasporto e tempi di consegna.", "L'offerta deve restare valida 60 giorni."},
		attached:       []string{"Il capitolato è in allegato.", "Trovate le quantità nel documento allegato."},
		reply:          []string{"Attendiamo la vostra offerta entro il %s.", "Il termine per la risposta è il %s."},
		close:          []string{"Cordiali saluti", "Distinti saluti"},
		poSubject:      []string{"Ordine %s", "Ordine di acquisto %s"},
		po:             []string{"in allegato il nostro ordine, vi preghiamo di confermarne la ricezione."},
		offerSubject:   []string{"Offerta %s", "Listino %s"},
		offer:          []string{"grazie per la richiesta; i prezzi sono riportati sotto e in allegato."},
		invoiceSubject: []string{"Fattura %s", "Fattura n. %s"},
		invoice:        []string{"in allegato la fattura dell'ultima consegna."},
		shipSubject:    []string{"Documenti di spedizione %s"},
		ship:           []string{"la spedizione è partita oggi, i documenti sono allegati."},
		meetSubject:    []string{"Riunione %s", "Verbale %s"},
		meet:           []string{"possiamo sentirci giovedì sui punti aperti?", "ecco il verbale della riunione di ieri."},
		thread:         []string{"grazie, per noi va bene.", "ho verificato con il magazzino, il secondo bancale è completo."},
		item:           "%d pz. %s"},
	"es": {
		hello:          []string{"Estimado/a %s:", "Buenos días %s:", "Estimados señores:"},
		rfqSubject:     []string{"Solicitud de cotización %s", "Petición de oferta %s"},
		opening:        []string{"Preparamos el equipamiento de nuevos centros y quisiéramos recibir su mejor oferta.", "Nuestro departamento de compras solicita cotización de lo siguiente."},
		need:           []string{"Artículos solicitados:", "Necesitamos:"},
		terms:          []string{"Rogamos indiquen precio por unidad, flete y plazo de entrega.", "La oferta debe ser válida por 60 días."},
		attached:       []string{"El pliego completo va adjunto.", "Las cantidades están en el documento adjunto."},
		reply:          []string{"Esperamos su oferta antes del %s.", "La fecha límite es el %s."},
		close:          []string{"Saludos cordiales", "Atentamente"},
		poSubject:      []string{"Orden de compra %s", "Pedido %s"},
		po:             []string{"Adjuntamos nuestro pedido; por favor confirmen su recepción."},
		offerSubject:   []string{"Nuestra oferta %s", "Lista de precios %s"},
		offer:          []string{"Gracias por su consulta. Nuestros precios figuran abajo y en el adjunto."},
		invoiceSubject: []string{"Factura %s", "Su factura n.º %s"},
		invoice:        []string{"Adjuntamos la factura de la última entrega."},
		shipSubject:    []string{"Documentos de embarque %s"},
		ship:           []string{"El envío salió hoy; adjuntamos los documentos."},
		meetSubject:    []string{"Reunión %s", "Acta %s"},
		meet:           []string{"¿Podemos hablar el jueves de los puntos pendientes?", "Aquí está el acta de la reunión de ayer."},
		thread:         []string{"Gracias, nos parece bien.", "He consultado con el almacén, el segundo palé está completo."},
		item:           "%d x %s"},
}

func tongueOf(lang string) *tongue {
	if t := tongues[lang]; t != nil {
		return t
	}
	return tongues["en"]
}

// reference invents an order or document number.
func reference(d dice) string {
	return pick(d, []string{"", "VP-", "EQ/", "CC-", "20-"}) + d.from(digits, d.between(4, 6)) + pick(d, []string{"", "/20", "-A", "-2"})
}

// A wanted is one line of an order.
type wanted struct {
	eq    *knowledge.Equipment
	n     int
	price float64 // 0 when the text names none
}

func (w wanted) label() string {
	name := w.eq.Make
	if w.eq.MakeOrgID == "haier-biomedical" {
		name = "Haier Biomedical"
	}
	return strings.TrimSpace(name + " " + w.eq.Model)
}

// items chooses models and, with that chance, a price within the model's band.
func (w *world) items(d dice, n int, priced float64) []wanted {
	var out []wanted
	for _, e := range some(d, w.models, n) {
		x := wanted{eq: e, n: d.between(1, 12) * 5}
		if d.chance(priced) {
			x.price = float64(int(*e.PriceLow + d.Float64()*(*e.PriceHigh-*e.PriceLow)))
		}
		out = append(out, x)
	}
	return out
}

// lines puts items into words.
func (t *tongue) lines(items []wanted) string {
	var b strings.Builder
	for _, x := range items {
		b.WriteString("  - " + fmt.Sprintf(t.item, x.n, x.label()))
		if x.eq.CapacityL != nil && x.n%3 == 0 {
			fmt.Fprintf(&b, ", %g l, +2 to +8 °C", *x.eq.CapacityL)
		}
		if x.price > 0 {
			fmt.Fprintf(&b, ", USD %.0f", x.price)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// greet fills a greeting with a name where it has a place for one.
func greet(s, name string) string {
	if strings.Contains(s, "%s") {
		return fmt.Sprintf(s, name)
	}
	return s
}

// signature block of a person.
func (p *person) signed(close string) string {
	o := p.org
	return fmt.Sprintf("%s\n\n%s\n%s\n%s\n%s, %s\nwww.%s", close, p.name, p.title, o.name, o.city, o.country, o.domain)
}
