package deidvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// passesOn is the fact of a generic function, or a generic type, that it hands
// type parameters of its own to deid.Struct or deid.CheckStruct.
type passesOn struct{ Params []int }

func (*passesOn) AFact() {}

func (*passesOn) String() string { return "passesOn" }

var _ analysis.Fact = (*passesOn)(nil)

// An owner is the function or type that declares a type parameter.
type owner struct {
	object types.Object
	index  int
}

// owners finds whose each type parameter of the package is.
func (k *checker) owners() map[*types.TypeParam]owner {
	m := make(map[*types.TypeParam]owner)
	add := func(list *types.TypeParamList, object types.Object) {
		for i := range list.Len() {
			m[list.At(i)] = owner{object, i}
		}
	}
	for _, object := range k.pass.TypesInfo.Defs {
		switch object := object.(type) {
		case *types.Func:
			sig := object.Signature()
			add(sig.TypeParams(), object)
			if recv := sig.Recv(); recv != nil && sig.RecvTypeParams().Len() > 0 {
				t := recv.Type()
				if p, ok := types.Unalias(t).(*types.Pointer); ok {
					t = p.Elem()
				}
				if n, ok := types.Unalias(t).(*types.Named); ok {
					add(sig.RecvTypeParams(), n.Origin().Obj())
				}
			}
		case *types.TypeName:
			if n, ok := object.Type().(*types.Named); ok && n.Obj() == object {
				add(n.TypeParams(), object)
			}
		}
	}
	return m
}

// passed judges the types that are handed to deid.Struct and deid.CheckStruct,
// directly or through what passes them on.
func (k *checker) passed() {
	owners := k.owners()
	facts := make(map[types.Object]map[int]bool)
	params := func(object types.Object) []int {
		if object == nil || object.Pkg() == nil {
			return nil
		}
		if f, ok := object.(*types.Func); ok && object.Pkg().Path() == deidPath && (f.Name() == "Struct" || f.Name() == "CheckStruct") {
			return []int{0}
		}
		if object.Pkg() == k.pass.Pkg {
			var list []int
			for i := range facts[object] {
				list = append(list, i)
			}
			return list
		}
		var fact passesOn
		if k.pass.ImportObjectFact(object, &fact) {
			return fact.Params
		}
		return nil
	}
	each := func(do func(name *ast.Ident, arg types.Type)) {
		for name, instance := range k.pass.TypesInfo.Instances {
			for _, i := range params(origin(k.pass.TypesInfo.Uses[name])) {
				if i < instance.TypeArgs.Len() {
					do(name, instance.TypeArgs.At(i))
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		each(func(_ *ast.Ident, arg types.Type) {
			p, ok := types.Unalias(arg).(*types.TypeParam)
			if !ok {
				return
			}
			o := owners[p]
			if o.object == nil || facts[o.object][o.index] {
				return
			}
			if facts[o.object] == nil {
				facts[o.object] = make(map[int]bool)
			}
			facts[o.object][o.index], changed = true, true
		})
	}
	for object, set := range facts {
		var fact passesOn
		for i := range set {
			fact.Params = append(fact.Params, i)
		}
		if object.Pkg() == k.pass.Pkg {
			k.pass.ExportObjectFact(object, &fact)
		}
	}
	each(func(name *ast.Ident, arg types.Type) {
		if _, ok := types.Unalias(arg).(*types.TypeParam); !ok {
			k.judge(arg, name.Pos(), true)
		}
	})
}

// origin returns the generic function of an instance.
func origin(object types.Object) types.Object {
	switch object := object.(type) {
	case *types.Func:
		return object.Origin()
	case *types.Var:
		return object.Origin()
	}
	return object
}
