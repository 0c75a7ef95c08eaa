package scenario

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/coldwatch/coldwatch/knowledge"
)

// An org is an invented organisation: its people, how it sends and how it receives.
type org struct {
	id, name, domain, country, city, lang string
	role                                  string
	member                                bool
	listed                                bool // stands in the pack
	people                                []*person
	out                                   *system
	in                                    *receiver
}

// A person is invented and works for an org.
type person struct {
	name, title, function, email string
	org                          *org
	program                      *program
}

func (p *person) box() mailbox { return mailbox{p.name, p.email} }

// A world is all that a scenario's mail comes from.
type world struct {
	seed      int64
	pack      *knowledge.Pack
	orgs      []*org                 // listed, members first
	outsiders []*org                 // genuine firms that no directory knows
	services  []*org                 // mail services, vendors and lists that serve the others
	roots     []string               // of firms' names
	models    []*knowledge.Equipment // with price bands
	maker     *org                   // the real maker that is impersonated: never a sender
}

// roleWords name an organisation of a role.
var roleWords = map[string][]string{
	"solar": {"Solar", "Photovoltaics", "Sunfield"}, "petrochem": {"Petrochem", "Carbonics", "Olefins"}, "dry-ice": {"Dry Ice", "Kryogas", "Icepellet"},
	"metal": {"Metallbau", "Precision Metal", "Steelform"}, "ingredients": {"Excipients", "Pharma Ingredients"}, "maker-fridge": {"Refrigeration", "Kühltechnik", "Medfrost"},
	"maker-ult": {"Ultracold", "Deepfreeze"}, "maker-passive": {"Thermopack", "Coolbox"}, "maker-logger": {"Telemetrics", "Sensorik"},
	"vaccine-maker": {"Biologics", "Immunotec"}, "research": {"Bioresearch", "Life Institute"}, "warehouse": {"Coldstores", "Kühlhaus"}, "store": {"National Vaccine Store", "Regional Vaccine Store"},
	"forwarder": {"Forwarding", "Spedition", "Freight Services"}, "air-cargo": {"Air Cargo", "Skyfreight"}, "sea-road": {"Reefer Lines", "Trucking", "Kühltransporte"},
	"vehicles": {"Automotive", "Vehicle Works"}, "customs": {"Customs Directorate", "Customs Office"}, "broker": {"Customs Brokers", "Clearing"},
	"distributor": {"Medical Supply", "Cold Equipment"}, "service-partner": {"Technical Services", "Cooling Service"}, "wholesaler": {"Pharma Wholesale", "Pharmalog"},
	"health": {"Clinics", "Health Network"}, "pharmacy": {"Pharmacies", "Online Pharmacy"}, "programme": {"Immunisation Office", "Vaccination Initiative"},
	"procurer": {"Procurement Agency"}, "ministry": {"Ministry of Health", "Ministry of Transport"}, "it": {"Systems", "Software", "Datacenter"}, "web": {"Webstudio", "Digital Media"},
	"consulting": {"Health Advisory"}, "hygiene": {"Hygiene Services"},
}

var roleOrder = []string{"solar", "dry-ice", "customs", "web", "it", "metal", "maker-fridge", "petrochem", "forwarder", "health", "store", "vaccine-maker", "distributor",
	"sea-road", "air-cargo", "warehouse", "ministry", "service-partner", "maker-passive", "maker-logger", "broker", "programme", "wholesaler", "pharmacy", "procurer",
	"research", "ingredients", "vehicles", "maker-ult", "hygiene", "consulting"}

// newRoot invents the name of a firm, one that no other firm's name is near to: neighbours in a directory whose names
// differ by a letter would look like each other's impostors.
func (w *world) newRoot(d dice) string {
	for {
		root := pick(d, []string{"Ta", "Om", "Sil", "Kor", "Mel", "Nor", "Pi", "Quen", "Ros", "Sa", "Tre", "Ul", "Van", "Wex", "Yso", "Zel", "An", "Bre", "Cal", "Dor", "El", "Fen", "Gra", "Hal", "Is", "Jor", "Ke", "Lor"}) +
			pick(d, []string{"vri", "bre", "da", "ve", "ga", "na", "mo", "tu", "li", "ri", "so", "ka", "pe", "wo", "zi"}) +
			pick(d, []string{"k", "l", "nd", "x", "ra", "vo", "mar", "tis", "nor", "sk", "lan", "ven", "dor", "quin"})
		near := false
		for _, r := range w.roots {
			near = near || root[:3] == r[:3] && root[len(root)-2:] == r[len(r)-2:] || root == r
		}
		if !near {
			w.roots = append(w.roots, root)
			return root
		}
	}
}

// places of the countries where scenarios play: zone, cities, legal form, language.
type country struct {
	code, zone, form, lang string
	cities                 []string
}

var countries = []country{
	{"DE", "+0100", "GmbH", "de", []string{"Rheinbrück", "Neuwaldau", "Hafenstadt Nord"}},
	{"IT", "+0100", "S.r.l.", "it", []string{"Montelago", "Rivalta Nuova", "Castelserra"}},
	{"KR", "+0900", "Co., Ltd.", "en", []string{"Hanbit", "Saebyeol"}},
	{"CZ", "+0100", "s.r.o.", "en", []string{"Horní Lesná", "Stará Loučka"}},
	{"TW", "+0800", "Co., Ltd.", "en", []string{"Xinhai", "Dongshan New Town"}},
	{"BE", "+0100", "NV", "en", []string{"Oudendam", "Val-sur-Lesse"}},
	{"FR", "+0100", "SAS", "fr", []string{"Saint-Orval", "Montclair-sur-Vire"}},
	{"PL", "+0100", "Sp. z o.o.", "en", []string{"Nowa Rzeka", "Lipowiec"}},
	{"US", "-0500", "Inc.", "en", []string{"Fairmont Bay", "Cedar Junction"}},
	{"GB", "+0000", "Ltd", "en", []string{"Ashbridge", "Norwold"}},
	{"ES", "+0100", "S.L.", "es", []string{"Puerto Claro", "Villamar"}},
	{"CO", "-0500", "S.A.S.", "es", []string{"San Albar", "Rionuevo"}},
	{"JP", "+0900", "K.K.", "en", []string{"Minamihara", "Aobashima"}},
	{"UA", "+0200", "LLC", "en", []string{"Novopil", "Zelenohirsk"}},
	{"BG", "+0200", "OOD", "en", []string{"Belograd", "Novo Selishte"}},
}

func placeOf(code string) country {
	for _, c := range countries {
		if c.code == code {
			return c
		}
	}
	return countries[0]
}

var givenNames = map[string][]string{
	"DE": {"Henrike", "Jost", "Swantje", "Ruprecht", "Malte", "Annegret", "Volkmar", "Imke"}, "IT": {"Ottavio", "Fiorenza", "Ludovico", "Marilena", "Saverio", "Donatella"},
	"KR": {"Haneul", "Seojin", "Dohyun", "Yerin", "Taeho", "Minseo"}, "CZ": {"Bohdan", "Zdislava", "Vojslav", "Radmila", "Otakar"}, "TW": {"Yi-Shan", "Po-Han", "Wen-Ling", "Chia-Jung", "Kuan-Yu"},
	"BE": {"Wannes", "Lieve", "Godelieve", "Joris", "Solange"}, "FR": {"Aubin", "Clothilde", "Gaspard", "Ombeline", "Thibault"}, "PL": {"Zdzisław", "Bogna", "Kajetan", "Mirosława"},
	"US": {"Delmar", "Rowena", "Travis", "Marcelle", "Quincy"}, "GB": {"Alistair", "Philippa", "Rupert", "Imogen", "Desmond"}, "ES": {"Fermín", "Almudena", "Leandro", "Inmaculada"},
	"CO": {"Jhonatan", "Yolima", "Edilberto", "Marleny"}, "JP": {"Haruto", "Ayaka", "Shunsuke", "Mitsuki"}, "UA": {"Ostap", "Zoryana", "Bohdana", "Myroslav"}, "BG": {"Desislav", "Yordanka", "Plamen", "Rositsa"},
	"CN": {"Jianing", "Ruoxi", "Haoran", "Shuyi"},
}

var familyNames = map[string][]string{
	"DE": {"Achterberg", "Wiesenthaler", "Kronsbein", "Dettmering", "Uhlenbrock", "Steinhövel"}, "IT": {"Brancaleoni", "Servadei", "Tornabuoni", "Malaspini", "Quarantelli"},
	"KR": {"Namgung", "Seomun", "Dokgo", "Hwangbo", "Jegal"}, "CZ": {"Kratinoha", "Vlasatec", "Stehlovic", "Zámostný"}, "TW": {"Ouyang", "Shangguan", "Zhuge", "Situ"},
	"BE": {"Vandersmissenaar", "Haezebroek", "Delvaulxier", "Terwagne"}, "FR": {"Vaucanson", "Desmoulineaux", "Hautefeuille", "Bellencourt"}, "PL": {"Wierzbołowicz", "Krasnodębski", "Zawistowska"},
	"US": {"Thornbury", "Vandermolen", "Castlewood", "Ridgely"}, "GB": {"Featherstow", "Wolstencroft", "Penhallow", "Ashcombe"}, "ES": {"Valdeolivas", "Torrecillas", "Montalbán"},
	"CO": {"Arciniegas", "Piedrahíta", "Buitrago"}, "JP": {"Kurosumi", "Hayamizu", "Tokitou"}, "UA": {"Zaporozhan", "Vyshnevetska", "Kotlyarchuk"}, "BG": {"Karamfilov", "Stoyanchev", "Velkovenski"},
	"CN": {"Duanmu", "Linghu", "Huyan"},
}

var titles = []struct{ function, title string }{
	{"executive", "Managing Director"}, {"sales", "Export Sales Manager"}, {"procurement", "Head of Procurement"}, {"it", "System Administrator"}, {"finance", "Accounts Manager"},
	{"other", "Head of Plant Engineering"}, {"sales", "Sales Representative"}, {"procurement", "Purchasing Manager"}, {"executive", "President"}, {"finance", "Director of Finance"},
}

// ascii drops accents and what is no letter or digit.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == 'ł':
			b.WriteByte('l')
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// newOrg invents an organisation in a country.
func (w *world) newOrg(d dice, role, code string) *org {
	c := placeOf(code)
	o := &org{country: code, city: pick(d, c.cities), lang: c.lang, role: role}
	root, word := w.newRoot(d), pick(d, roleWords[role])
	o.name = root + " " + word
	o.id = ascii(o.name)
	switch role {
	case "customs", "ministry":
		o.name = word + " of " + root
	case "store", "programme", "procurer", "research":
	default:
		o.name += " " + c.form
	}
	o.domain = o.id + ".example"
	if d.chance(0.25) {
		o.domain = ascii(root) + ".example"
	}
	o.out = newSystem(d, o.domain, c.zone)
	o.in = newReceiver(d, o.domain)
	shape := d.IntN(3)
	names := map[string]bool{}
	for i, n := 0, d.between(4, 7); i < n; i++ {
		t := titles[i%len(titles)]
		p := w.newPerson(d, code, names)
		p.org, p.title, p.function = o, t.title, t.function
		first, last, _ := strings.Cut(p.name, " ")
		first, last = strings.ReplaceAll(ascii(first), "-", ""), strings.ReplaceAll(ascii(last), "-", "")
		p.email = [...]string{first + "." + last, first[:1] + last, last}[shape] + "@" + o.domain
		if names[p.email] {
			p.email = first + "." + last + "@" + o.domain
		}
		names[p.email] = true
		p.program = o.out.program(d)
		o.people = append(o.people, p)
	}
	return o
}

func (w *world) newPerson(d dice, code string, taken map[string]bool) *person {
	for {
		name := pick(d, givenNames[code]) + " " + pick(d, familyNames[code])
		if !taken[name] {
			taken[name] = true
			return &person{name: name}
		}
	}
}

// who returns somebody of a function, or anybody.
func (o *org) who(d dice, functions ...string) *person {
	var fit []*person
	for _, p := range o.people {
		for _, f := range functions {
			if p.function == f {
				fit = append(fit, p)
			}
		}
	}
	if len(fit) == 0 {
		fit = o.people
	}
	return pick(d, fit)
}

// An orgWish asks for an organisation of a role in a country.
type orgWish struct{ role, country string }

// newWorld builds the organisations of a scenario: those wished for first, as members, then others up to total.
func newWorld(seed int64, wishes []orgWish, where []string, members, total int) *world {
	w := &world{seed: seed}
	d := newDice(seed, "world")
	for _, x := range wishes {
		o := w.newOrg(d, x.role, x.country)
		o.member, o.listed = true, true
		w.orgs = append(w.orgs, o)
	}
	for i := len(w.orgs); i < total; i++ {
		o := w.newOrg(d, roleOrder[i%len(roleOrder)], pick(d, where))
		o.listed, o.member = true, i < members
		w.orgs = append(w.orgs, o)
	}
	for i := range 40 {
		o := w.newOrg(d, pick(d, []string{"metal", "it", "web", "sea-road", "distributor", "health", "hygiene", "ingredients", "consulting", "service-partner"}), pick(d, where))
		if i%4 == 0 { // a small firm without a mail server
			box := pick(d, []string{"gmail.com", "outlook.com", "gmx.net"})
			o.out = freemail(d, box)
			for _, p := range o.people {
				p.email = strings.SplitN(p.email, "@", 2)[0] + "." + ascii(o.name)[:4] + d.from(digits, 6) + "@" + box
				p.program = o.out.program(d)
			}
		}
		w.outsiders = append(w.outsiders, o)
	}
	for _, name := range []string{"Lettermill", "Postwagon", "Vaultmail Secure", "Cloudpane Office", "Coldlist Forum", "Signwell Documents", "Ledgerline Billing", "Parcelway Express"} {
		id := ascii(name)
		o := &org{id: id, name: name, domain: id + ".example", country: "US", city: "Fairmont Bay", lang: "en", role: "it"}
		o.out, o.in = newSystem(d, o.domain, "+0000"), newReceiver(d, o.domain)
		o.out.spf, o.out.dkim, o.out.policy = true, o.domain, "reject"
		o.people = []*person{{name: name, email: "no-reply@" + o.domain, org: o, program: programNamed("service")}}
		w.services = append(w.services, o)
	}
	w.buildPack(d)
	return w
}

func (w *world) members() []*org {
	var out []*org
	for _, o := range w.orgs {
		if o.member {
			out = append(out, o)
		}
	}
	return out
}

// service returns one of the serving firms by its id.
func (w *world) service(id string) *org {
	for _, o := range w.services {
		if o.id == id {
			return o
		}
	}
	panic("scenario: no service " + id)
}

// buildPack makes the chain pack: the embedded facts about the real chain, synthetic price bands, and the invented
// organisations, people, relations and lanes.
func (w *world) buildPack(d dice) {
	p := knowledge.Default()
	p.Name, p.Version, p.Description = "scenario", "1", "Synthetic: invented organisations and people over public facts about equipment and vaccines; price bands are invented"
	p.Problems = nil
	for i := range p.Organisations {
		if o := &p.Organisations[i]; o.ID == "haier-biomedical" {
			w.maker = &org{id: o.ID, name: o.Name, domain: "haierbiomedical.com", country: "CN", city: "Qingdao", listed: true}
			taken := map[string]bool{}
			for _, title := range []string{"General Manager, International Cold Chain Business", "Key Account Manager, Programmes"} {
				h := w.newPerson(d, "CN", taken)
				first, last, _ := strings.Cut(ascii(h.name), "-")
				h.org, h.title, h.function, h.email = w.maker, title, "executive", first+"."+last+"@"+w.maker.domain
				w.maker.people = append(w.maker.people, h)
				p.People = append(p.People, knowledge.Person{OrgID: o.ID, Name: h.name, Title: title, Function: h.function, Email: h.email, Source: "invented"})
			}
		}
	}
	for _, o := range w.orgs {
		k := knowledge.Organisation{ID: o.id, Name: o.name, Roles: []string{o.role}, Country: o.country, Domains: []string{o.domain}, PostalAddress: o.city + ", " + o.country,
			Website: "https://www." + o.domain + "/", Member: o.member, Language: o.lang, Source: "invented"}
		if o.member {
			k.SecurityContact = "security@" + o.domain
		}
		p.Organisations = append(p.Organisations, k)
		for _, h := range o.people {
			p.People = append(p.People, knowledge.Person{OrgID: o.id, Name: h.name, Title: h.title, Function: h.function, Email: h.email, Source: "invented"})
		}
	}
	for i := range p.Equipment {
		e := &p.Equipment[i]
		if e.CapacityL == nil || (e.MakeOrgID != "haier-biomedical" && !d.chance(0.3)) {
			continue
		}
		low := 600 + 12**e.CapacityL + float64(d.between(0, 400))
		if e.ColdSource == "solar" {
			low += 2200
		}
		low = float64(int(low/10) * 10)
		high := float64(int(low*1.25/10) * 10)
		e.PriceLow, e.PriceHigh, e.Currency, e.PriceYear = &low, &high, "USD", 2020
		e.Source += " ; price band invented"
	}
	w.bind(d, p)
	w.pack = knowledge.New(*p)
	for i := range w.pack.Equipment {
		if e := &w.pack.Equipment[i]; e.PriceLow != nil {
			w.models = append(w.models, e)
		}
	}
}

// bind invents relations and lanes.
func (w *world) bind(d dice, p *knowledge.Pack) {
	of := map[string][]*org{}
	for _, o := range w.orgs {
		of[o.role] = append(of[o.role], o)
	}
	kinds := []struct{ from, kind, to string }{
		{"solar", "supplies", "maker-fridge"}, {"metal", "supplies", "maker-fridge"}, {"petrochem", "supplies", "dry-ice"}, {"dry-ice", "supplies", "vaccine-maker"}, {"dry-ice", "supplies", "air-cargo"},
		{"maker-fridge", "supplies", "store"}, {"forwarder", "transports-for", "vaccine-maker"}, {"sea-road", "transports-for", "store"}, {"customs", "clears", "forwarder"},
		{"warehouse", "stores-for", "store"}, {"it", "services", "health"}, {"web", "services", "vaccine-maker"}, {"distributor", "supplies", "health"}, {"ministry", "regulates", "store"},
	}
	for _, k := range kinds {
		for _, a := range of[k.from] {
			for _, b := range some(d, of[k.to], 2) {
				p.Relations = append(p.Relations, knowledge.Relation{FromOrg: a.id, ToOrg: b.id, Kind: k.kind})
			}
		}
	}
	for _, role := range []string{"solar", "metal", "service-partner", "distributor"} {
		for _, o := range some(d, of[role], 2) {
			kind := "supplies"
			if role == "service-partner" || role == "distributor" {
				kind = "services"
			}
			p.Relations = append(p.Relations, knowledge.Relation{FromOrg: o.id, ToOrg: "haier-biomedical", Kind: kind})
		}
	}
	for i := range 10 {
		v := []string{"comirnaty", "spikevax", "vaxzevria", "covishield"}[i%4]
		cold, hold := "mechanical", float64(d.between(12, 60))
		if v == "comirnaty" {
			cold, hold = "dry-ice", float64(d.between(110, 240))
		}
		var stops []string
		for _, role := range []string{"vaccine-maker", "forwarder", "air-cargo", "customs", "store", "sea-road", "health"} {
			if len(of[role]) > 0 {
				stops = append(stops, pick(d, of[role]).id)
			}
		}
		low := float64(d.between(10, 80) * 1000)
		high := low * 1.4
		p.Lanes = append(p.Lanes, knowledge.Lane{ID: fmt.Sprintf("lane-%02d", i+1), VaccineID: v, Stops: stops, ColdSource: cold, HoldoverHours: &hold, DosesLow: &low, DosesHigh: &high})
	}
}
