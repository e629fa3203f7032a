package builders

import "strings"

// List is every loss and miner, in the order of their printing.
func List() []Loss {
	return []Loss{
		softmaxLoss, hardmaxLoss, contrastiveLoss, tripletLoss, centerLoss, lsoftmaxLoss, asoftmaxLoss,
		normfaceLoss, cosfaceLoss, arcfaceLoss, combinedMarginLoss, subcenterArcfaceLoss, x2SoftmaxLoss, liArcfaceLoss,
		curricularfaceLoss, mvSoftmaxLoss, npcfaceLoss, arcnegfaceLoss, circleSoftmaxLoss,
		adacosLoss, adafaceLoss, magfaceLoss, elasticfaceLoss, adamSoftmaxLoss, kappafaceLoss,
		spherefaceRLoss, sphereface2Loss, unifaceLoss, p2sgradLoss, focalLoss,
		multiSimilarityLoss, supconLoss, ntXentLoss, circleLoss, nPairLoss, ncaLoss,
		liftedStructureLoss, generalizedLiftedLoss, angularLoss, tupletMarginLoss, intraPairVarianceLoss,
		rankedListLoss, snrContrastiveLoss, thresholdConsistentLoss,
		proxyNCALoss, proxyAnchorLoss, softTripleLoss, wuMarginLoss, simpleLoss, rangeLoss, ringLoss,
		smoothAPLoss, fastAPLoss, pnpLoss, histogramLoss, dynamicSoftMarginLoss,
		instanceLoss, vicregLoss, barlowTwinsLoss,
		mineTripletsLoss, minePairsLoss, sampleClassesLoss,
	}
}

// Find is the loss of that name or alias.
func Find(name string) (Loss, bool) {
	for _, l := range List() {
		if strings.EqualFold(l.Name, name) {
			return l, true
		}
		for _, a := range l.Aliases {
			if strings.EqualFold(a, name) {
				if preset := l.Presets[a]; preset != nil {
					l.New = preset
				}
				return l, true
			}
		}
	}
	return Loss{}, false
}

// Names are all names and aliases.
func Names() []string {
	var out []string
	for _, l := range List() {
		out = append(append(out, l.Name), l.Aliases...)
	}
	return out
}
