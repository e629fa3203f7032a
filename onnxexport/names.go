package onnxexport

import (
	"fmt"
	"strings"
)

// A reader that makes Python of a file (onnx2torch) makes each node an attribute
// of a torch.nn.Module, under the node's name. No node may then be called what
// every module has already, nor a word of Python's own; here both are, with what
// a torch.fx.GraphModule has. Inputs and outputs are called what they are called.
var notNodes = wordsOf(`
	T_destination add_module apply bfloat16 buffers call_super_init children
	compile cpu cuda double dump_patches eval extra_repr float forward
	get_buffer get_extra_state get_parameter get_submodule half ipu
	load_state_dict modules mtia named_buffers named_children named_modules
	named_parameters parameters register_backward_hook register_buffer
	register_forward_hook register_forward_pre_hook
	register_full_backward_hook register_full_backward_pre_hook
	register_load_state_dict_post_hook register_load_state_dict_pre_hook
	register_module register_parameter register_state_dict_post_hook
	register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
	share_memory state_dict to to_empty train training type xpu zero_grad

	add_submodule code delete_all_unused_submodules delete_submodule graph
	initializers print_readable recompile to_folder

	False None True and as assert async await break class continue def del elif
	else except finally for from global if import in is lambda nonlocal not or
	pass raise return try while with yield`)

func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(text) {
		words[w] = true
	}
	return words
}

// unused is a name that nothing else has.
func (l *lowering) unused(want string) string {
	name := want
	for l.taken[name] {
		l.count[want]++
		name = fmt.Sprintf("%s_%d", want, l.count[want])
	}
	l.taken[name] = true
	return name
}

// fresh is a name that nothing else has and that a node can have.
func (l *lowering) fresh(want string) string {
	if notNodes[want] {
		l.taken[want] = true
	}
	return l.unused(want)
}

// nodeName is the name of the node that makes outs: that of the first, or one
// like it where that is a name that a node cannot have. Only an output's can be.
func (l *lowering) nodeName(outs []string) string {
	if out := outs[0]; notNodes[out] || strings.Contains(out, ".") {
		return l.fresh(strings.ReplaceAll(out, ".", "_"))
	}
	return outs[0]
}
