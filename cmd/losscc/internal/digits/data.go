package digits

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"

	"losscc/verify/tensor"
)

// Set is images of digits: 64 grey levels from 0 to 1 each, and the digit.
type Set struct {
	Images [][]float64
	Labels []int
}

// Load reads digits.csv: columns p0 to p63 with grey levels 0 to 16, and label.
func Load(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &Set{}
	for i, row := range rows[1:] {
		if len(row) != 65 {
			return nil, fmt.Errorf("%s: line %d has %d columns, want 65", path, i+2, len(row))
		}
		image := make([]float64, 64)
		for k := range image {
			if image[k], err = strconv.ParseFloat(row[k], 64); err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", path, i+2, err)
			}
			image[k] /= 16
		}
		label, err := strconv.Atoi(row[64])
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, i+2, err)
		}
		s.Images = append(s.Images, image)
		s.Labels = append(s.Labels, label)
	}
	return s, nil
}

// Where is the part of the set whose place and label the condition takes.
func (s *Set) Where(takes func(place, label int) bool) *Set {
	out := &Set{}
	for i, l := range s.Labels {
		if takes(i, l) {
			out.Images = append(out.Images, s.Images[i])
			out.Labels = append(out.Labels, l)
		}
	}
	return out
}

// Split is the set without, and with only, every fifth row.
func (s *Set) Split() (train, held *Set) {
	return s.Where(func(i, _ int) bool { return i%5 != 0 }), s.Where(func(i, _ int) bool { return i%5 == 0 })
}

// labels are the labels of chosen rows as a tensor.
func (s *Set) labels(rows []int) *tensor.Tensor {
	t := tensor.New(tensor.Int, len(rows))
	for i, r := range rows {
		t.I[i] = int64(s.Labels[r])
	}
	return t
}
