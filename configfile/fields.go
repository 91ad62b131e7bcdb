package configfile

import (
	"encoding"
	"net/netip"
	"reflect"
	"time"
)

// Fields are the paths of a format's fields that hold a value, those in lists of
// mappings as list[].field, in order: what a page about the file has to tell.
func Fields[T any]() []string { return fields(reflect.TypeFor[T](), "") }

func fields(of reflect.Type, at string) []string {
	if single(of) {
		return []string{at}
	}
	switch of.Kind() {
	case reflect.Struct:
		var list []string
		for i := range of.NumField() {
			f := of.Field(i)
			list = append(list, fields(f.Type, join(at, f.Tag.Get("yaml")))...)
		}
		return list
	case reflect.Slice:
		if item := of.Elem(); item.Kind() == reflect.Struct && !single(item) {
			return fields(item, at+"[]")
		}
	}
	return []string{at}
}

// single says that a struct is written as one value.
func single(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Duration]() || t == reflect.TypeFor[netip.Prefix]() ||
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
