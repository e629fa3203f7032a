package onnxexport

import "strings"

// moduleNames are the attributes of torch.nn.Module and torch.fx.GraphModule
// that have plain names. A reader that makes each node a submodule under the
// node's name (onnx2torch) cannot make one of these: the module has it already.
var moduleNames = wordsOf(`
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
	initializers print_readable recompile to_folder`)

func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(text) {
		words[w] = true
	}
	return words
}

// nodeName is the name of the node that makes outs: that of the first of them,
// with a number where it is one of moduleNames.
func (l *lowering) nodeName(outs []string) string {
	if moduleNames[outs[0]] {
		return l.fresh(outs[0])
	}
	return outs[0]
}
