package wire

import (
	"strconv"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Change reads a member of an update and keeps its three states apart: absent
// leaves things as they are, null clears, a value replaces (ACP
// rfc.agentic_checkout 6.2, read 2026-11-22). read is called only for a value.
func Change[T any](v Value, read func(Value) T) commerce.Change[T] {
	switch {
	case v.IsAbsent():
		return commerce.Change[T]{}
	case v.IsNull():
		return commerce.Clear[T]()
	default:
		return commerce.Set(read(v))
	}
}

// Optional reads a member for which null means the same as absence: nil then.
func Optional[T any](v Value, read func(Value) T) *T {
	if !v.HasValue() {
		return nil
	}
	value := read(v)
	return &value
}

// List reads every element of an array; nil for absence and null, which an
// empty array is not.
func List[T any](v Value, read func(Value) T) []T {
	if !v.HasValue() {
		return nil
	}
	list := make([]T, 0, v.Len())
	for _, element := range v.Elements() {
		list = append(list, read(element))
	}
	return list
}

// ListMax is [List] of at most limit elements; a longer array is refused
// unread. It is for lists that are kept, so that a body within its own limit
// cannot fill a session.
func ListMax[T any](v Value, limit int, read func(Value) T) []T {
	if v.Kind() == KindArray && v.Len() > limit {
		v.Refuse(TooLarge, "at most "+strconv.Itoa(limit))
		return nil
	}
	return List(v, read)
}
