package outlook

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

// Properties used here, by number ([MS-OXPROPS]).
const (
	propClass           = 0x001A
	propSubject         = 0x0037
	propSubmitTime      = 0x0039
	propSentName        = 0x0042 // sent representing
	propSentType        = 0x0064
	propSentAddress     = 0x0065
	propHeaders         = 0x007D
	propSenderName      = 0x0C1A
	propSenderType      = 0x0C1E
	propSenderAddress   = 0x0C1F
	propRecipientType   = 0x0C15
	propDisplayCc       = 0x0E03
	propDisplayTo       = 0x0E04
	propDeliveryTime    = 0x0E06
	propBody            = 0x1000
	propRTF             = 0x1009
	propHTML            = 0x1013
	propMessageID       = 0x1035
	propDisplayName     = 0x3001
	propAddressType     = 0x3002
	propAddress         = 0x3003
	propAttachData      = 0x3701
	propAttachExtension = 0x3703
	propAttachName      = 0x3704
	propAttachMethod    = 0x3705
	propAttachLongName  = 0x3707
	propAttachMIME      = 0x370E
	propAttachContentID = 0x3712
	propSMTPAddress     = 0x39FE
	propSenderSMTP      = 0x5D01
	propSentSMTP        = 0x5D02
	propReplyNames      = 0x0050
	propInternetCodeP   = 0x3FDE
	propMessageCodeP    = 0x3FFD
)

// Property types ([MS-OXCDATA] section 2.11.1).
const (
	typeInteger = 0x0003
	typeObject  = 0x000D
	typeString8 = 0x001E
	typeUnicode = 0x001F
	typeTime    = 0x0040
	typeBinary  = 0x0102
)

// A property is one value with its type.
type property struct {
	kind uint16
	data []byte
}

// An item is a message, a recipient or an attachment: properties by number, and what is inside.
type item struct {
	props       map[uint16]property
	recipients  []*item
	attachments []*item
	message     *item  // of an attachment: the message that it is
	transport   []byte // of an attachment: data that come apart from the properties (TNEF)
	decode      func([]byte) string
}

func newItem() *item { return &item{props: map[uint16]property{}, decode: latin1} }

func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// text returns a string property, "" if it is not there.
func (x *item) text(id uint16) string {
	p, ok := x.props[id]
	if !ok {
		return ""
	}
	b := p.data
	if p.kind == typeUnicode {
		u := make([]uint16, 0, len(b)/2)
		for i := 0; i+2 <= len(b); i += 2 {
			u = append(u, binary.LittleEndian.Uint16(b[i:]))
		}
		for len(u) > 0 && u[len(u)-1] == 0 {
			u = u[:len(u)-1]
		}
		return string(utf16.Decode(u))
	}
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return x.decode(b)
}

// first returns the first of the properties that is a non-empty string.
func (x *item) first(ids ...uint16) string {
	for _, id := range ids {
		if s := x.text(id); s != "" {
			return s
		}
	}
	return ""
}

func (x *item) binary(id uint16) []byte { return x.props[id].data }

func (x *item) integer(id uint16) int {
	b := x.props[id].data
	if len(b) < 4 {
		return 0
	}
	return int(int32(binary.LittleEndian.Uint32(b)))
}

// time returns a time property, the zero time if it is not there.
func (x *item) time(id uint16) time.Time {
	b := x.props[id].data
	if len(b) < 8 {
		return time.Time{}
	}
	ticks := binary.LittleEndian.Uint64(b) // of 100 ns since 1601
	const epoch = 11644473600
	seconds := int64(ticks/10_000_000) - epoch
	if seconds < -epoch || seconds > 4e9 {
		return time.Time{}
	}
	return time.Unix(seconds, int64(ticks%10_000_000)*100).UTC()
}
