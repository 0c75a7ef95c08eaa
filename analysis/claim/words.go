package claim

import (
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/lure/passage"
)

// A unit is what stands behind, or before, a number.
type unit int

const (
	noUnit unit = iota
	unitCelsius
	unitBareC // a bare "c", which needs more to be a temperature
	unitFahrenheit
	unitLitre
	unitPiece
	unitTimes
	unitThousand
	unitMillion
	unitTenThousand
	unitConnector // between the ends of a range
	unitCurrency  // and from here on the currencies
)

// unitWords are the units in the languages that mail about the chain is written in.
var unitWords = map[unit]string{
	unitCelsius:     "°c|° c|℃|celsius|deg c|deg. c|degrees c|degrees celsius|degree celsius|grad celsius|grad|degres|degres celsius|grados|grados celsius|gradi|gradi celsius|graus|graus celsius|stupnu|stupne|stupnu celsia|stopni|stopni celsjusza|градус*|градус* цельсия|градус* цельсія|度|摄氏度|攝氏度|도|درجه|درجه مئويه|°",
	unitBareC:       "c",
	unitFahrenheit:  "°f|° f|deg f|degrees fahrenheit|fahrenheit",
	unitLitre:       "l|lt|ltr|ltrs|liter|liters|litre|litres|litro|litros|litri|litru|litry|litrow|litr|liter nutzinhalt|dm3|л|литр*|літр*|升|公升|리터|リットル|لتر|لترا",
	unitPiece:       "pcs|pc|pce|pieces|piece|units|unit|sets|set|nos|ea|each|off|stk|stuck|stueck|einheiten|gerate|geraete|pieces|unites|unite|appareils|unidades|unidad|uds|ud|equipos|pezzi|pz|unita|unidades|pecas|ks|kusu|kusy|jednotek|szt|sztuk|sztuki|шт|штук*|единиц*|одиниц*|台|套|件|個|个|대|개|세트|قطعه|وحده|وحدات|doses|dose|dosen|dosis|dosi|davek|dawek|доз|剂|剤|도즈|shippers|containers|loggers|freezers|refrigerators|fridges|boxes|carriers|machines|colli|pallets",
	unitTimes:       "x|×",
	unitThousand:    "k|tsd|tis|тыс|тис|thousand|tausend|mille|mil",
	unitMillion:     "m|mio|mln|million|millions|millionen|millones|milioni|milhoes|млн",
	unitTenThousand: "万|萬|만",
	unitConnector:   "to|...|..|~|/|bis|a|al|ate|hasta|fino a|az|do|до|至|到|から|까지|until|and|und|et|y|e|i|through",
}

// currencyWords are the currencies by ISO 4217 code. A sign that several share goes to the one that trade uses most.
var currencyWords = map[string]string{
	"USD": "usd|us$|u$s|us dollar*|us-dollar*|$|dollar*|dolar*|доллар*|долар*|美元|달러|米ドル|دولار*|u.s. dollar*",
	"EUR": "eur|€|euro|euros|евро|євро|欧元|歐元|유로|ユーロ|يورو",
	"GBP": "gbp|£|pounds sterling|british pound*|pound sterling",
	"CHF": "chf|sfr|franken|swiss franc*|francs suisses",
	"CNY": "cny|rmb|yuan|renminbi|cn¥|元|人民币|人民幣",
	"JPY": "jpy|yen|円|日元|日圆",
	"KRW": "krw|₩|won|원|韩元",
	"INR": "inr|₹|rs|rs.|rupee*|rupees",
	"CZK": "czk|kc|korun*",
	"PLN": "pln|zl|zlotych|zloty*",
	"RUB": "rub|₽|руб|рубл*",
	"UAH": "uah|₴|грн|гривен*|гривн*",
	"BRL": "brl|r$|reais|real",
	"COP": "cop|pesos colombianos",
	"MXN": "mxn|pesos mexicanos",
	"TWD": "twd|nt$|ntd|新台币|新台幣",
	"AED": "aed|dirham*|درهم*",
	"SAR": "sar|riyal*|ريال*",
	"DKK": "dkk|kroner", "SEK": "sek|kronor", "NOK": "nok", "TRY": "try|₺", "ZAR": "zar", "NGN": "ngn|₦|naira", "KES": "kes|ksh", "PKR": "pkr",
	"AUD": "aud|a$", "CAD": "cad|c$", "SGD": "sgd|s$", "HKD": "hkd|hk$", "BGN": "bgn|лв", "HUF": "huf|forint", "RON": "ron|lei", "ILS": "ils|₪", "VND": "vnd|₫", "THB": "thb|฿", "IDR": "idr|rp", "MYR": "myr|rm",
}

// A label is what a word before a number says the number is.
type label int

const (
	noLabel label = iota
	labelTotal
	labelPrice
	labelQuantity
	labelTemperature
	labelCapacity
	labelAmbient // a temperature of the surroundings, not of the store
	labelOther   // an amount that is neither price nor total: freight, tax, deposit
)

var labelWords = map[label]string{
	labelTotal:       "total|grand total|sub total|subtotal|total amount|total price|total value|total cost|sum|sum total|in total|amount|contract value|order value|overall|gesamt|gesamtpreis|gesamtbetrag|summe|gesamtsumme|montant|montant total|prix total|total general|importe|importe total|monto total|totale|importo|importo totale|valor total|montante|celkem|celkova cena|razem|suma|lacznie|wartosc|итого|всего|сумма|разом|усього|сума|合计|合計|总计|總計|总价|總價|총액|합계|総額|الاجمالي|المجموع",
	labelPrice:       "price|unit price|price per unit|unit cost|cost|rate|reference price|target price|each at|at|preis|stuckpreis|einzelpreis|zum preis von|prix|prix unitaire|precio|precio unitario|prezzo|prezzo unitario|preco|preco unitario|cena|cena jednostkowa|jednotkova cena|цена|цена за единицу|ціна|单价|單價|价格|價格|단가|가격|単価|価格|السعر|سعر الوحده|per unit",
	labelQuantity:    "quantity|qty|quantities|q ty|number of units|no of units|menge|anzahl|stuckzahl|quantite|qte|cantidad|cant|quantita|qta|quantidade|qtd|mnozstvi|pocet|ilosc|liczba|количество|кол во|кількість|数量|數量|수량|الكميه|عدد",
	labelTemperature: "temperature|temp|temperatur|temperatura|set point|setpoint|set to|teplota|температура|温度|溫度|온도|درجه الحراره",
	labelCapacity:    "capacity|volume|net volume|gross volume|storage volume|storage capacity|kapazitat|inhalt|nutzinhalt|capacite|capacidad|capacita|capacidade|objem|kapacita|pojemnosc|объем|емкость|об'єм|容量|容积|容積|용량|السعه",
	labelAmbient:     "ambient|ambient temperature|climate|hot zone|umgebungstemperatur|temperature ambiante|temperatura ambiente|ambient of|outside|room temperature|окружающ*|环境温度|環境溫度|peak|alarm|excursion",
	labelOther:       "freight|shipping|shipping cost|insurance|tax|vat|deposit|advance|bank charges|bid security|handling|discount|installation|fee|fees|frachtkosten|mwst|anzahlung|transport|fret|tva|assurance|flete|seguro|iva|anticipo|trasporto|frete|doprava|dph|fracht|vat|ндс|доставка|пдв|运费|運費|税|운임|送料|weight|gross weight|net weight|chargeable weight",
}

// words holds the tries of units and labels.
type words struct {
	units      *passage.Trie
	currencies []string
	before     map[string]int // index in currencies of a word before a number
	labels     *passage.Trie
}

func newWords() *words {
	w := &words{before: map[string]int{}}
	var phrases []passage.Phrase
	for u := unitCelsius; u < unitCurrency; u++ {
		for _, p := range strings.Split(unitWords[u], "|") {
			phrases = append(phrases, passage.Phrase{Text: p, Value: int(u)})
		}
	}
	codes := make([]string, 0, len(currencyWords))
	for c := range currencyWords {
		codes = append(codes, c)
	}
	sort.Strings(codes)
	for i, c := range codes {
		w.currencies = append(w.currencies, c)
		for _, p := range strings.Split(currencyWords[c], "|") {
			phrases = append(phrases, passage.Phrase{Text: p, Value: int(unitCurrency) + i})
			var f passage.Folded
			passage.Fold(strings.TrimSuffix(p, "*"), &f)
			w.before[string(f.B)] = i
		}
	}
	w.units = passage.NewTrie(phrases)
	phrases = nil
	for l := labelTotal; l <= labelOther; l++ {
		for _, p := range strings.Split(labelWords[l], "|") {
			phrases = append(phrases, passage.Phrase{Text: p, Value: int(l)})
		}
	}
	w.labels = passage.NewTrie(phrases)
	return w
}
