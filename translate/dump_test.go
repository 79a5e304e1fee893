package translate_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/translate/wire"
)

// dump prints a commerce value for a person to read: one line per field that
// is not zero, nested by two spaces. A change prints as cleared or as its new
// value, so that absent, null, empty and set are four different texts.
func dump(value any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(value), "")
	return strings.TrimPrefix(b.String(), "\n") + "\n"
}

func dumpValue(b *strings.Builder, v reflect.Value, indent string) {
	if t, ok := reflect.TypeAssert[time.Time](v); ok {
		b.WriteString(" " + t.Format(time.RFC3339))
		return
	}
	if n, ok := reflect.TypeAssert[wire.Number](v); ok {
		b.WriteString(" " + string(n))
		return
	}
	if present := v.MethodByName("Present"); present.IsValid() {
		out := v.MethodByName("Value").Call(nil)
		if !out[1].Bool() {
			b.WriteString(" cleared")
			return
		}
		dumpValue(b, out[0], indent)
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString(" null")
			return
		}
		dumpValue(b, v.Elem(), indent)
	case reflect.Struct:
		empty := true
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if v.Field(i).IsZero() {
				continue
			}
			empty = false
			fmt.Fprintf(b, "\n%s%s:", indent, f.Name)
			dumpValue(b, v.Field(i), indent+"  ")
		}
		if empty {
			b.WriteString(" {}")
		}
	case reflect.Slice:
		if v.Len() == 0 {
			b.WriteString(" []")
		}
		for i := range v.Len() {
			fmt.Fprintf(b, "\n%s-", indent)
			dumpValue(b, v.Index(i), indent+"  ")
		}
	case reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, name := range names {
			fmt.Fprintf(b, "\n%s%q:", indent, name.String())
			dumpValue(b, v.MapIndex(name), indent+"  ")
		}
	case reflect.String:
		fmt.Fprintf(b, " %q", v.String())
	default:
		fmt.Fprintf(b, " %v", v.Interface())
	}
}
