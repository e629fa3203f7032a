package onnxval

import "testing"

func BenchmarkRunOfASmallLoss(b *testing.B) {
	m, in := load(b, head), batch(8, 10, 16)
	for b.Loop() {
		if _, err := m.Run(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRunOfALargeLoss(b *testing.B) {
	m, in := load(b, head), batch(256, 1000, 128)
	for b.Loop() {
		if _, err := m.Run(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	data := bytesOf(b, file(head))
	for b.Loop() {
		if _, err := Load(data); err != nil {
			b.Fatal(err)
		}
	}
}
