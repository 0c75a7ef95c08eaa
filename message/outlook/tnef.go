package outlook

import (
	"encoding/binary"
)

// IsTNEF tells whether bytes begin with the signature of TNEF.
func IsTNEF(b []byte) bool { return len(b) > 6 && binary.LittleEndian.Uint32(b) == 0x223E9F78 }

// Attributes of TNEF that are used here ([MS-OXTNEF] section 2.1.3.2).
const (
	attOEMCodePage    = 0x9007
	attSubject        = 0x8004
	attBody           = 0x800C
	attMessageProps   = 0x9003
	attRenderData     = 0x9002
	attAttachTitle    = 0x8010
	attAttachData     = 0x800F
	attAttachment     = 0x9005
	attRecipientTable = 0x9004
)

// readTNEF reads the properties of a TNEF stream.
func readTNEF(b []byte, decode Decoder, depth int) (*item, error) {
	if !IsTNEF(b) || depth > maxNested {
		return nil, ErrFormat
	}
	x := newItem()
	page := ""
	x.decode = func(s []byte) string { return decode(s, page) }
	var attachment *item
	for i := 6; i+9 <= len(b); {
		level := b[i]
		id := binary.LittleEndian.Uint16(b[i+1:])
		n := int(binary.LittleEndian.Uint32(b[i+5:]))
		i += 9
		if n < 0 || n > len(b)-i {
			n = len(b) - i // cut off: take what is there
		}
		value := b[i : i+n]
		i += n + 2 // a checksum that nobody needs
		if attachment == nil && (level == 2 && id != attRenderData || id == attAttachTitle || id == attAttachData || id == attAttachment) {
			attachment = newItem()
			attachment.decode = x.decode
			x.attachments = append(x.attachments, attachment)
		}
		switch id {
		case attOEMCodePage:
			if len(value) >= 4 {
				page = codePage(int(binary.LittleEndian.Uint32(value)))
			}
		case attSubject:
			x.props[propSubject] = property{typeString8, value}
		case attBody:
			x.props[propBody] = property{typeString8, value}
		case attMessageProps:
			readProps(x, value, decode, depth)
		case attRenderData:
			attachment = newItem()
			attachment.decode = x.decode
			x.attachments = append(x.attachments, attachment)
		case attAttachTitle:
			attachment.props[propAttachName] = property{typeString8, value}
		case attAttachData:
			attachment.transport = value
		case attAttachment:
			readProps(attachment, value, decode, depth)
		case attRecipientTable:
			readRecipients(x, value, decode, depth)
		}
	}
	return x, nil
}

// readRecipients reads the rows of the recipient table ([MS-OXTNEF] section 2.1.3.5.1).
func readRecipients(x *item, b []byte, decode Decoder, depth int) {
	if len(b) < 4 {
		return
	}
	rows := int(binary.LittleEndian.Uint32(b))
	b = b[4:]
	for ; rows > 0 && len(b) > 4 && len(x.recipients) < 10_000; rows-- {
		y := newItem()
		y.decode = x.decode
		rest := readProps(y, b, decode, depth)
		x.recipients = append(x.recipients, y)
		if len(rest) >= len(b) {
			return
		}
		b = rest
	}
}

// readProps reads a list of MAPI properties ([MS-OXTNEF] section 2.1.3.4) and returns what is behind it.
func readProps(x *item, b []byte, decode Decoder, depth int) []byte {
	c := cursor{b: b}
	count := c.u32()
	for ; count > 0 && !c.bad; count-- {
		kind, id := c.u16(), c.u16()
		if id >= 0x8000 { // a named property: GUID and name
			c.take(16)
			if c.u32() == 0 {
				c.u32()
			} else {
				c.padded(c.u32())
			}
		}
		multi := kind&0x1000 != 0
		base := kind &^ 0x1000
		values := uint32(1)
		size := 0
		switch base {
		case 0x0002, 0x000B:
			size = 4
		case typeInteger, 0x0004, 0x000A:
			size = 4
		case 0x0005, 0x0006, 0x0007, 0x0014, typeTime:
			size = 8
		case 0x0048:
			size = 16
		case typeString8, typeUnicode, typeBinary, typeObject:
			size = -1
			multi = true // these always carry a count
		default:
			return c.b
		}
		if multi {
			values = c.u32()
		}
		for ; values > 0 && !c.bad; values-- {
			var v []byte
			if size < 0 {
				v = c.padded(c.u32())
			} else {
				v = c.take(size)
			}
			if c.bad && len(v) == 0 {
				break
			}
			if base == typeObject && id == propAttachData && len(v) > 16 {
				if inner, err := readTNEF(v[16:], decode, depth+1); err == nil {
					x.message = inner
					continue
				}
				v = v[16:]
			}
			if _, dup := x.props[id]; !dup || base == typeUnicode {
				x.props[id] = property{base, v}
			}
		}
	}
	return c.b
}

// A cursor reads little-endian values; past the end it is bad and gives zeros.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		v := c.b
		c.b, c.bad = nil, true
		return v
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) padded(n uint32) []byte {
	v := c.take(int(n))
	c.b = c.b[min(len(c.b), int(-n&3)):]
	return v
}

func (c *cursor) u16() uint16 {
	v := c.take(2)
	if len(v) < 2 {
		return 0
	}
	return binary.LittleEndian.Uint16(v)
}

func (c *cursor) u32() uint32 {
	v := c.take(4)
	if len(v) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(v)
}
