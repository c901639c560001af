// This file draws all ports as a picture: 256 in a row, each a point in the colour of its level of life.

package page

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rtevent/internal/iana"
)

// mapSize is the width and height at which a page shows the map, in pixels of the page. The picture has one pixel a port.
const mapSize = 768

// life is the registry as the page shows it whole.
type life struct {
	census      iana.Census
	ports       []iana.PortLife
	light, dark []byte // the map, as PNG
	data        []byte // the same for scripts, as JSON
}

// The colours of the levels, in their order. The style sheet has the same.
var (
	lightColours = []string{"#0b6e5f", "#4fa38f", "#d08a1d", "#8a63c7", "#5b87b5", "#c8c3b4", "#e3a857", "#ead9b8", "#b9a7a0", "#f1eee5", "#e9e7df"}
	darkColours  = []string{"#7fe0cb", "#3f9f8b", "#e0a03c", "#a98be0", "#6f9fd0", "#4a4f55", "#a97628", "#5a4a2e", "#5f5350", "#1b1f23", "#202428"}
)

func lifeOf(registry *iana.Registry) life {
	l := life{}
	l.census, l.ports = registry.Life()
	l.light, l.dark = draw(l.ports, lightColours), draw(l.ports, darkColours)
	var letters strings.Builder
	names := map[int]string{}
	for port, x := range l.ports {
		letters.WriteByte('a' + byte(max(slices.Index(levels, x.Level), 0)))
		if x.Name != "" {
			names[port] = x.Name
		}
	}
	l.data = jsonLine(map[string]any{"levels": levels, "ports": letters.String(), "names": names})
	return l
}

func draw(ports []iana.PortLife, colours []string) []byte {
	palette := make(color.Palette, len(colours))
	for i, c := range colours {
		n, err := strconv.ParseUint(c[1:], 16, 32)
		if err != nil {
			panic(err) // a constant
		}
		palette[i] = color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
	}
	picture := image.NewPaletted(image.Rect(0, 0, 256, 256), palette)
	for port, x := range ports {
		picture.Pix[port] = uint8(max(slices.Index(levels, x.Level), 0))
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, picture); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}

// lifeMap sends the picture, or its data.
func (p *Page) lifeMap(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "max-age=3600")
	switch r.PathValue("map") {
	case "light.png":
		return send(w, r, http.StatusOK, "image/png", p.life().light)
	case "dark.png":
		return send(w, r, http.StatusOK, "image/png", p.life().dark)
	case "life.json":
		return send(w, r, http.StatusOK, "application/json", p.life().data)
	}
	w.Header().Del("Cache-Control")
	return notFound("there is no %.40q of the registry", r.PathValue("map"))
}

// pointed takes whoever pointed at the map to the port there.
func (p *Page) pointed(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	x, errX := strconv.Atoi(q.Get("p.x"))
	y, errY := strconv.Atoi(q.Get("p.y"))
	if errX != nil || errY != nil || x == 0 && y == 0 { // a keyboard points at nothing
		http.Redirect(w, r, "/registry#blocks", http.StatusSeeOther)
		return nil
	}
	cell := func(n int) int { return max(0, min(n*256/mapSize, 255)) }
	http.Redirect(w, r, fmt.Sprintf("/ports/%d", cell(y)*256+cell(x)), http.StatusSeeOther)
	return nil
}
