package verify

import "math/rand/v2"

// telling compares values, and gradients along a random direction of all
// inputs together, with the paper's loops at inputs that random ones do not
// meet. A direction has something of every element, and costs one derivative.
func (j *judge) telling(k *checker) {
	if j.claim == nil {
		k.skip("%s", j.unknown)
		return
	}
	if err := j.walked(); err != nil {
		k.fail(err)
		return
	}
	rng := rand.New(rand.NewPCG(j.o.Seed, 7))
	for _, p := range j.told {
		if p.in != nil && j.undefined(p) {
			k.note("the paper gives no finite value for: %s", p.name)
			continue
		}
		if err := j.tellingAt(k, p, rng); err != nil {
			k.failAt(p, err)
			return
		}
		if k.Points++; k.done() {
			return
		}
	}
}

func (j *judge) tellingAt(k *checker, p *point, rng *rand.Rand) error {
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	want, err := j.wantAt(p)
	if err != nil {
		return err
	}
	if err := j.sharply(k, tolValue, p, plain(out), want); err != nil {
		return err
	}
	if k.done() {
		return nil
	}
	return j.gradientsAt(k, p, rng, j.atTelling)
}
