package compile

import ("testing";"os";"strings")

func TestScratch(t *testing.T){
  spec:=os.Getenv("SPEC"); if spec==""{t.Skip()}
  for _,line:=range strings.Split(spec,";"){
    f:=strings.Fields(line)
    o:=Options{Sets:map[string]string{},Grad:true}
    for _,s:=range f[2:]{k,v,_:=strings.Cut(s,"=");switch k{case "dtype":o.DType=v;case "form":o.Form=v;case "gradient":o.Gradient=v;case "reduction":o.Reduction=v;case "nograd":o.Grad=false;default:o.Sets[k]=v}}
    r,err:=Run(f[0],o); if err!=nil{t.Fatal(err)}
    b,err:=r.Bytes(); if err!=nil{t.Fatal(err)}
    os.WriteFile(f[1],b,0644)
  }
}
