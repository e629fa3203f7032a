package formula

// softmax is ℓ = CE(z), z = (x·Wᵀ + bias)/temperature.
func softmax(c *Ctx) {
	h := c.head()
	scores := h.dots(c.bias(h.C))
	h.crossEntropy(func(i, y int) []float64 {
		z := make([]float64, h.C)
		for j := range z {
			z[j] = scores[i][j] / c.Float("temperature")
		}
		return z
	})
	h.predict(scores)
}

// hardmax is ℓ = max_j z_j − z_y, z = x·Wᵀ + bias; the subgradient is that of
// the first maximal column.
func hardmax(c *Ctx) {
	h := c.head()
	z := h.dots(c.bias(h.C))
	h.loss(func(i, y int) float64 { return z[i][c.choice(argmax(z[i]))] - z[i][y] })
	h.predict(z)
}

// bias is one number a class where the loss has them, and nil with bias=false.
func (c *Ctx) bias(classes int) []float64 {
	if !c.Bool("bias") {
		return nil
	}
	return c.vector("bias", classes)
}
