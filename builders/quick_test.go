package builders
import ("testing";"losscc/ir/grad";"losscc/ir/opt";"losscc/onnxexport";"os")
func TestQ(t *testing.T){
 for _,n:=range []string{"softmax","arcface","cosface","contrastive","triplet","softmax + 0.5*arcface"}{
  b,err:=Build(n,Options{}); if err!=nil{t.Fatal(err)}
  g,err:=grad.Of(b.Func,"loss",b.Wrt,grad.Exact); if err!=nil{t.Fatal(err)}
  o,err:=opt.Run(g,opt.Standard); if err!=nil{t.Fatal(err)}
  by,err:=onnxexport.Bytes(o,onnxexport.Options{}); if err!=nil{t.Fatal(n,err)}
  os.WriteFile("/tmp/"+n+".onnx",by,0644)
  t.Log(n,len(g.Values),len(o.Values),len(by))
  if n=="arcface"{t.Log(o.String())}
 }
}
