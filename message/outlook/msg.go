package outlook

import (
	"encoding/binary"
	"errors"
	"sort"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch/message/compound"
)

// IsMSG tells whether bytes begin like a compound file.
func IsMSG(b []byte) bool { return compound.Is(b) }

// ErrFormat says that bytes hold no message of Outlook's.
var ErrFormat = errors.New("outlook: not an Outlook message")

// maxNested is how deep messages in attachments are followed.
const maxNested = 16

// readMSG reads the properties of a .msg file.
func readMSG(b []byte, decode Decoder) (*item, error) {
	c, err := compound.Open(b)
	if err != nil {
		return nil, ErrFormat
	}
	r := msgReader{c: c, decode: decode}
	x := r.storage(0, 32, 0)
	if len(x.props) == 0 {
		return nil, ErrFormat
	}
	return x, nil
}

type msgReader struct {
	c      *compound.File
	decode Decoder
}

// storage reads one storage. head is how many bytes precede the entries of its property stream ([MS-OXMSG]
// section 2.4.1): 32 for the top, 24 for a message inside, 8 for a recipient or an attachment.
func (r *msgReader) storage(n, head, depth int) *item {
	x := newItem()
	kids := r.c.Children(n)
	sort.SliceStable(kids, func(i, j int) bool { return r.c.Entries[kids[i]].Name < r.c.Entries[kids[j]].Name })
	for _, k := range kids {
		e := &r.c.Entries[k]
		name := e.Name
		switch {
		case e.Kind == compound.Stream && strings.HasPrefix(name, "__substg1.0_") && len(name) >= 20:
			id, err1 := strconv.ParseUint(name[12:16], 16, 16)
			kind, err2 := strconv.ParseUint(name[16:20], 16, 16)
			if err1 == nil && err2 == nil && len(name) == 20 {
				r.add(x, uint16(id), uint16(kind), r.c.Content(e))
			}
		case e.Kind == compound.Stream && strings.HasPrefix(name, "__properties_version1.0"):
			r.fixed(x, r.c.Content(e), head)
		case e.Kind == compound.Storage && depth < maxNested && strings.HasPrefix(name, "__recip_version1.0"):
			x.recipients = append(x.recipients, r.storage(k, 8, depth+1))
		case e.Kind == compound.Storage && depth < maxNested && strings.HasPrefix(name, "__attach_version1.0"):
			x.attachments = append(x.attachments, r.storage(k, 8, depth+1))
		case e.Kind == compound.Storage && depth < maxNested && strings.HasPrefix(name, "__substg1.0_3701000D"):
			x.message = r.storage(k, 24, depth+1)
		}
	}
	x.setCodePage(r.decode)
	return x
}

// add keeps a property; of a string in both forms the Unicode one.
func (r *msgReader) add(x *item, id, kind uint16, data []byte) {
	if old, ok := x.props[id]; ok && old.kind == typeUnicode && kind == typeString8 {
		return
	}
	x.props[id] = property{kind, data}
}

// fixed reads the properties of fixed size, which stand in the property stream itself.
func (r *msgReader) fixed(x *item, b []byte, head int) {
	for i := head; i+16 <= len(b); i += 16 {
		tag := binary.LittleEndian.Uint32(b[i:])
		switch kind := uint16(tag); kind {
		case typeInteger, typeTime, 0x000B, 0x0014:
			x.props[uint16(tag>>16)] = property{kind, b[i+8 : i+16]}
		}
	}
}

// setCodePage chooses how 8-bit strings are read.
func (x *item) setCodePage(decode Decoder) {
	cp := x.integer(propInternetCodeP)
	if m := x.integer(propMessageCodeP); m > 0 {
		cp = m
	}
	x.decode = func(b []byte) string { return decode(b, codePage(cp)) }
	for _, sub := range append(append([]*item(nil), x.recipients...), x.attachments...) {
		sub.decode = x.decode
	}
}

// codePage returns the charset name of a Windows code page.
func codePage(n int) string {
	switch n {
	case 0, 1200, 1201:
		return ""
	case 65001:
		return "utf-8"
	case 65000:
		return "utf-7"
	case 20127:
		return "us-ascii"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 54936:
		return "gb18030"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	}
	if n >= 28591 && n <= 28606 {
		return "iso-8859-" + strconv.Itoa(n-28590)
	}
	return "windows-" + strconv.Itoa(n)
}
