package picture

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func code(t testing.TB, text string) [][]bool {
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, map[gozxing.EncodeHintType]interface{}{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]bool, m.GetHeight())
	for y := range rows {
		for x := range m.GetWidth() {
			rows[y] = append(rows[y], m.Get(x, y))
		}
	}
	return rows
}

const link = "https://scan.example/login?u=b2Zm"

func TestQR(t *testing.T) {
	g := Cells(code(t, link), 4, 4)
	if got := QR(g); got != link {
		t.Errorf("drawn: %q", got)
	}
	poster := image.NewGray(image.Rect(0, 0, 900, 1100))
	for i := range poster.Pix {
		poster.Pix[i] = byte(230 + i%7)
	}
	for y := range g.Rect.Dy() {
		copy(poster.Pix[(y+500)*poster.Stride+300:], g.Pix[y*g.Stride:y*g.Stride+g.Rect.Dx()])
	}
	var b bytes.Buffer
	png.Encode(&b, poster)
	if got := QR(Decode(b.Bytes(), 1<<22)); got != link {
		t.Errorf("in a poster: %q", got)
	}
	if Decode(b.Bytes(), 1000) != nil {
		t.Error("too many pixels were decoded")
	}
	inv := image.NewGray(g.Rect)
	for i := range g.Pix {
		inv.Pix[i] = 255 - g.Pix[i]
	}
	if got := QR(inv); got != link {
		t.Errorf("light on dark: %q", got)
	}
}

// Shapes one over the other cost what is painted, not what they are written with: past a bound the rest is left out.
func TestDrawBound(t *testing.T) {
	for n, want := range map[int]uint8{30: 255, 1000: 0} {
		var shapes []Shape
		for range n {
			shapes = append(shapes, Box(0, 0, 1, 1, true))
		}
		g := Draw(append(shapes, Box(0, 0, 1, 1, false)))
		if got := g.GrayAt(g.Rect.Dx()/2, g.Rect.Dy()/2).Y; got != want {
			t.Errorf("a light square over %d dark ones: %d, want %d", n, got, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	rows := code(t, link)
	var half, full strings.Builder
	for y := 0; y < len(rows); y += 2 {
		for x := range rows[y] {
			down := y+1 < len(rows) && rows[y+1][x]
			half.WriteString(map[[2]bool]string{{true, true}: "█", {true, false}: "▀", {false, true}: "▄", {false, false}: "\u00a0"}[[2]bool{rows[y][x], down}])
		}
		half.WriteByte('\n')
	}
	for _, r := range rows {
		for _, dark := range r {
			full.WriteString(map[bool]string{true: "██", false: "░░"}[dark])
		}
		full.WriteByte('\n')
	}
	for _, s := range []string{half.String(), full.String()} {
		if got := QR(Cells(Blocks("Scan me\n\n"+s+"\nBye"), 4, 4)); got != link {
			t.Errorf("%.60q: %q", s, got)
		}
	}
	if Blocks("a bar ███ here") != nil {
		t.Error("a bar is no code")
	}
}

func TestHash(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 100, 80))
	for i := range g.Pix {
		g.Pix[i] = byte(i * i / 31)
	}
	a := Hash(g)
	for i := range g.Pix {
		g.Pix[i] = byte(min(255, int(g.Pix[i])+2))
	}
	if d := Distance(a, Hash(g)); d < 0 || d > 12 {
		t.Errorf("%s moved by %d", a, d)
	}
	if Hash(image.NewGray(image.Rect(0, 0, 50, 50))) != "" {
		t.Error("a plain image has no hash")
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	png.Encode(&b, Cells([][]bool{{true, false}}, 2, 2))
	f.Add(b.Bytes())
	f.Add([]byte("GIF89a\x01\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if g := Decode(data, 1<<16); g != nil {
			Hash(g)
			QR(g)
		}
	})
}
