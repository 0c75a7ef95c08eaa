package lure

import (
	"strings"

	"github.com/coldwatch/coldwatch/analysis/lure/passage"
)

// languages by index of stopWords; each has words that are frequent in it and rare in the others, folded.
var languages = [...]string{"en", "de", "fr", "es", "it", "pt", "cs", "pl", "nl"}

var stopWords = [len(languages)]string{
	"the and of to for your you with this is are from have will please we on that not our be",
	"der die das und ist nicht mit fur sie wir ihre ihr bitte zu von auf den dem ein eine werden haben sich im wird ihnen oder",
	"le la les des et est pour vous votre nous une dans sur pas avec que qui du au ce cette merci veuillez vos notre",
	"el los las del para con por una su que esta este sus nuestro usted favor gracias como mas en se al lo",
	"il lo gli della di per con una che non sono questo questa vostro nostra alla nel grazie si dei delle del essere suo sara entro piu anche",
	"os as do da dos das para com uma nao voce seu sua por que em esta este obrigado nos ao na no pelo mais",
	"je se na pro vas vase prosim jsme ze do nebo by jako jsou vam ktere dekuji aby jeste ve jeho pri prosime vasi dobry den nas pozdravem",
	"sie nie na do jest dla prosze przez oraz panstwa ze w z od czy jak dziekuje nasz aby po mozna tym",
	"de het een en van voor uw wij niet met dat op zijn naar deze wordt aan bij ons u graag",
}

// stopTable maps a word to the languages that use it, as a bit set.
func stopTable() map[string]uint16 {
	t := map[string]uint16{}
	for i, words := range stopWords {
		for _, w := range strings.Fields(words) {
			t[w] |= 1 << i
		}
	}
	return t
}

// languageCount counts letters by script and stop words by language.
type languageCount struct {
	script [7]int
	votes  [len(languages)]int
	words  int
	// letters that tell Ukrainian from Russian
	ukrainian, russian int
}

const languageWords = 300 // stop words are counted in so many words

func (c *languageCount) add(p *passage.Passage, f *passage.Folded) {
	if p.Kind == passage.Name || p.Kind == passage.Title {
		return
	}
	for i, n := range f.Counts {
		c.script[i] += n
	}
	if f.Counts[passage.Cyrillic] > 0 {
		c.cyrillic(f.B)
	}
	if f.Counts[passage.Latin] == 0 || c.words >= languageWords {
		return
	}
	for _, s := range f.Starts {
		if c.words++; c.words >= languageWords {
			return
		}
		e := int(s)
		for e < len(f.B) && e < int(s)+9 && f.B[e] >= 'a' && f.B[e] <= 'z' {
			e++
		}
		set := stops[string(f.B[s:e])]
		for i := 0; set != 0; i, set = i+1, set>>1 {
			if set&1 != 0 {
				c.votes[i]++
			}
		}
	}
}

var stops = stopTable()

// cyrillic counts letters that only one of the two languages has: і є against ы э ъ.
func (c *languageCount) cyrillic(b []byte) {
	b = b[:min(len(b), 4<<10)]
	for i := 0; i+1 < len(b); i++ {
		switch string(b[i : i+2]) {
		case "і", "є":
			c.ukrainian++
		case "ы", "э", "ъ":
			c.russian++
		}
	}
}

// language guesses from script, then from stop words; "" when there is too little to tell.
func (r *reading) language() string {
	c := &r.words
	n := 0
	for _, k := range c.script {
		n += k
	}
	switch {
	case n < 12:
		return ""
	case c.script[passage.Kana] > 5 && c.script[passage.Kana]*8 > c.script[passage.Han] && c.script[passage.Kana]*6 > n-c.script[passage.Kana]-c.script[passage.Han]:
		return "ja"
	case c.script[passage.Hangul]*4 > n:
		return "ko"
	case c.script[passage.Han]*5 > n:
		return "zh"
	case c.script[passage.Arabic]*3 > n:
		return "ar"
	case c.script[passage.Greek]*2 > n:
		return "el"
	case c.script[passage.Cyrillic]*2 > n:
		if c.ukrainian > c.russian {
			return "uk"
		}
		return "ru"
	}
	best, second := 0, 0
	which := ""
	for i, v := range c.votes {
		switch {
		case v > best:
			best, second, which = v, best, languages[i]
		case v > second:
			second = v
		}
	}
	if best < 3 || best == second || best*20 < c.words {
		return ""
	}
	return which
}
