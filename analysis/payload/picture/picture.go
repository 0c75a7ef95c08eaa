// Package picture looks at images that came by mail: their size before anything is decoded, a perceptual hash, and the
// QR codes (ISO/IEC 18004) that they hold.
//
// A code in a picture is a link that no link scanner sees. Reading one is expensive and most pictures are logos, so a
// cheap look for finder patterns (section 6.3.3.1: dark and light in the proportion 1:1:3:1:1) comes first, and only a
// picture that shows three of them is read in full.
//
// The perceptual hash is dHash: the picture in grey at 9 by 8, one bit for each pair of neighbours that says which is
// the brighter. Near pictures differ in a few of its 64 bits.
package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // formats that mail clients show
	_ "image/jpeg"
	_ "image/png"
	"math/bits"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// Size reads an image's width and height from its header; ok is false for what is no image that we decode.
func Size(data []byte) (width, height int, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	return c.Width, c.Height, err == nil
}

// Decode decodes an image of at most that many pixels to grey; nil if it is broken or bigger.
func Decode(data []byte, pixels int) (g *image.Gray) {
	defer func() {
		if recover() != nil { // the decoders are not ours
			g = nil
		}
	}()
	w, h, ok := Size(data)
	if !ok || w <= 0 || h <= 0 || w > pixels/h {
		return nil
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil && img == nil {
		return nil
	}
	return Gray(img)
}

// Gray makes an image grey on white, no larger than 1200 pixels on its longer side.
func Gray(img image.Image) *image.Gray {
	b := img.Bounds()
	step := max(1, (max(b.Dx(), b.Dy())+1199)/1200)
	w, h := b.Dx()/step, b.Dy()/step
	if w == 0 || h == 0 {
		return nil
	}
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		row := g.Pix[y*g.Stride : y*g.Stride+w]
		sy := b.Min.Y + y*step
		switch src := img.(type) {
		case *image.Gray:
			for x := range row {
				row[x] = src.Pix[src.PixOffset(b.Min.X+x*step, sy)]
			}
		case *image.YCbCr:
			for x := range row {
				row[x] = src.Y[src.YOffset(b.Min.X+x*step, sy)]
			}
		case *image.NRGBA:
			for x := range row {
				p := src.Pix[src.PixOffset(b.Min.X+x*step, sy):]
				row[x] = over(luma(p[0], p[1], p[2]), p[3])
			}
		case *image.RGBA:
			for x := range row {
				p := src.Pix[src.PixOffset(b.Min.X+x*step, sy):]
				l := int(luma(p[0], p[1], p[2])) + 255 - int(p[3])
				row[x] = byte(min(l, 255))
			}
		case *image.Paletted:
			for x := range row {
				row[x] = grey(src.Palette[src.Pix[src.PixOffset(b.Min.X+x*step, sy)]])
			}
		default:
			for x := range row {
				row[x] = grey(img.At(b.Min.X+x*step, sy))
			}
		}
	}
	return g
}

func luma(r, g, b byte) byte { return byte((int(r)*77 + int(g)*150 + int(b)*29) >> 8) }

func over(l, alpha byte) byte { return byte((int(l)*int(alpha) + 255*(255-int(alpha))) / 255) }

func grey(c color.Color) byte {
	r, g, b, a := c.RGBA()
	l := (r*77+g*150+b*29)>>16 + (0xffff-a)>>8
	return byte(min(l, 255))
}

// Hash is the perceptual hash of a grey image, in hex; "" for one of a single colour.
func Hash(g *image.Gray) string {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if w < 9 || h < 8 {
		return ""
	}
	var cell [8][9]int
	for y := range 8 {
		for x := range 9 {
			sum, n := 0, 0
			for sy := y * h / 8; sy < (y+1)*h/8; sy += max(1, h/64) {
				for sx := x * w / 9; sx < (x+1)*w/9; sx += max(1, w/72) {
					sum += int(g.Pix[sy*g.Stride+sx])
					n++
				}
			}
			cell[y][x] = sum / max(1, n)
		}
	}
	var bitsOut uint64
	flat := true
	for y := range 8 {
		for x := range 8 {
			bitsOut <<= 1
			if cell[y][x] < cell[y][x+1] {
				bitsOut |= 1
			}
			if d := cell[y][x] - cell[y][x+1]; d > 3 || d < -3 {
				flat = false
			}
		}
	}
	if flat {
		return ""
	}
	return fmt.Sprintf("%016x", bitsOut)
}

// Distance is the number of bits in which two hashes differ, -1 if one is none.
func Distance(a, b string) int {
	var x, y uint64
	if _, err := fmt.Sscanf(a, "%016x", &x); err != nil {
		return -1
	}
	if _, err := fmt.Sscanf(b, "%016x", &y); err != nil {
		return -1
	}
	return bits.OnesCount64(x ^ y)
}

// Finders counts the finder patterns of an image, at most 16: places where a row and a column through the same point
// cross dark and light in the proportion 1:1:3:1:1. A code has three.
func Finders(g *image.Gray) int {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if w < 21 || h < 21 {
		return 0
	}
	lo, hi := 255, 0
	for i := 0; i < len(g.Pix); i += 97 {
		lo, hi = min(lo, int(g.Pix[i])), max(hi, int(g.Pix[i]))
	}
	if hi-lo < 64 {
		return 0
	}
	cut := byte((lo + hi) / 2)
	var found []image.Point
	for y := 0; y < h && len(found) < 16; y += max(1, h/300) {
		row := g.Pix[y*g.Stride : y*g.Stride+w]
		crossings(w, func(i int) bool { return row[i] < cut }, func(x, size int) {
			for _, p := range found {
				if max(p.X-x, x-p.X) < size && max(p.Y-y, y-p.Y) < 2*size {
					return
				}
			}
			hit := false
			top := max(0, y-2*size)
			crossings(min(h, y+2*size)-top, func(i int) bool { return g.Pix[(top+i)*g.Stride+x] < cut }, func(c, tall int) {
				hit = hit || max(top+c-y, y-top-c) < size/2 && tall < 2*size && size < 2*tall
			})
			if hit && len(found) < 16 {
				found = append(found, image.Point{X: x, Y: y})
			}
		})
	}
	return len(found)
}

// crossings calls f with the middle and the size of each run of 1:1:3:1:1 in a line of n points; a dark line between
// light is looked for, and the reverse.
func crossings(n int, dark func(int) bool, f func(middle, size int)) {
	var run [5]int // the last five runs, the newest last
	last, length := false, 0
	for i := 0; i <= n; i++ {
		var d bool
		if i < n {
			d = dark(i)
		}
		if i < n && i > 0 && d == last {
			length++
			continue
		}
		if i > 0 {
			run = [5]int{run[1], run[2], run[3], run[4], length}
			if finder(run) {
				size := run[0] + run[1] + run[2] + run[3] + run[4]
				f(i-run[4]-run[3]-run[2]/2, size)
			}
		}
		last, length = d, 1
	}
}

func finder(r [5]int) bool {
	total := r[0] + r[1] + r[2] + r[3] + r[4]
	if total < 7 || r[0] == 0 {
		return false
	}
	unit := float64(total) / 7
	off := func(n int, want float64) bool {
		d := float64(n) - want*unit
		return d > unit*want*0.5+0.5 || d < -unit*want*0.5-0.5
	}
	return !off(r[0], 1) && !off(r[1], 1) && !off(r[2], 3) && !off(r[3], 1) && !off(r[4], 1)
}

// QR reads the code in a grey image, "" if there is none; dark on light or light on dark.
func QR(g *image.Gray) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	if g == nil || Finders(g) < 3 {
		return ""
	}
	if t := read(g); t != "" {
		return t
	}
	inv := image.NewGray(g.Rect)
	for i, p := range g.Pix {
		inv.Pix[i] = 255 - p
	}
	return read(inv)
}

func read(g *image.Gray) string {
	bmp, err := gozxing.NewBinaryBitmapFromImage(g)
	if err != nil {
		return ""
	}
	r := qrcode.NewQRCodeReader()
	res, err := r.Decode(bmp, map[gozxing.DecodeHintType]interface{}{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return ""
	}
	return res.GetText()
}

// Cells draws dark and light cells as an image with a quiet zone, each cell w by h pixels.
func Cells(rows [][]bool, w, h int) *image.Gray {
	cols := 0
	for _, r := range rows {
		cols = max(cols, len(r))
	}
	if cols > 400 || len(rows) > 400 {
		return nil
	}
	const quiet = 16
	g := image.NewGray(image.Rect(0, 0, cols*w+2*quiet, len(rows)*h+2*quiet))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	for y, r := range rows {
		for x, dark := range r {
			if !dark {
				continue
			}
			for dy := range h {
				at := (quiet+y*h+dy)*g.Stride + quiet + x*w
				for dx := range w {
					g.Pix[at+dx] = 0
				}
			}
		}
	}
	return g
}

// Raw makes a grey image of a document's pixels: components bytes a pixel, 0 for one bit a pixel.
func Raw(px []byte, width, height, components int) *image.Gray {
	if width <= 0 || height <= 0 {
		return nil
	}
	src := image.NewGray(image.Rect(0, 0, width, height))
	stride := (width + 7) / 8
	for y := range height {
		for x := range width {
			var l byte
			switch components {
			case 0:
				if at := y*stride + x/8; at < len(px) && px[at]>>(7-x%8)&1 == 1 {
					l = 255
				}
			case 1:
				l = px[min(y*width+x, len(px)-1)]
			default:
				at := (y*width + x) * 3
				if at+2 < len(px) {
					l = luma(px[at], px[at+1], px[at+2])
				}
			}
			src.Pix[y*src.Stride+x] = l
		}
	}
	return Gray(src)
}
