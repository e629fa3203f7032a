// Package runtime runs an ONNX file in somebody else's runtime (ONNX Runtime,
// onnx's reference evaluator, onnx's checker) and gives back tensors or a typed
// error. The runtime lives in a child process with a limit on time and memory,
// so that its crash, hang or hunger is a verdict about the file and never an
// accident of this program; a child that dies is started again at the next job.
//
//	rt, err := runtime.Find("onnxruntime")   // errors.Is(err, runtime.ErrMissing)
//	s := rt.Start(runtime.Options{})
//	defer s.Close()
//	out, err := s.Run(ctx, model, inputs)
//
// The other side of the pipe is verify/python/worker.py.
package runtime
