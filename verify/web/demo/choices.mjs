// The losses that the page offers: how each is built, and the learning rates
// that suit it in the plane.

/**
 * `rate` is the network's learning rate (Adam), `headRate` that of the loss's own
 * parameters (SGD), `spread` the length at which class weights start, `byAngle`
 * that only the angle of a point counts.
 * @type {(import("./training.mjs").Choice & { loss: string, set: string[], byAngle: boolean })[]}
 */
export const choices = [
  {
    name: "softmax", title: "Softmax", loss: "softmax", set: [], file: "softmax.onnx",
    rate: 0.01, headRate: 0.5, spread: 1, byAngle: false,
    about: "Cross-entropy of a linear classifier. Each class gets a sector, and the points of a class spread along it: far out is as good as near together.",
  },
  {
    name: "center", title: "Softmax + center", loss: "softmax + 0.1*center", set: [], file: "center.onnx",
    rate: 0.01, headRate: 0.5, spread: 1, byAngle: false,
    about: "Softmax keeps the classes apart, and a tenth of center loss pulls each point to the mean of its class, which moves along.",
  },
  {
    name: "arcface", title: "ArcFace", loss: "arcface", set: ["scale=16", "margin=0.2"], file: "arcface.onnx",
    rate: 0.01, headRate: 0.2, spread: 1, byAngle: true,
    about: "Only angles count, and the angle to a point's own class is made 0.2 rad worse than it is, so that it has to be that much better.",
  },
  {
    name: "cosface", title: "CosFace", loss: "cosface", set: ["scale=16", "margin=0.1"], file: "cosface.onnx",
    rate: 0.01, headRate: 0.2, spread: 1, byAngle: true,
    about: "Only angles count, and 0.1 is taken from the cosine to a point's own class. In the plane ten classes stand 36° apart.",
  },
  {
    name: "a-softmax", title: "A-Softmax (SphereFace)", loss: "a-softmax", set: ["margin=2"], file: "a-softmax.onnx",
    rate: 0.01, headRate: 0.2, spread: 1, byAngle: true,
    about: "The angle to a point's own class counts twice, more and more as λ falls from 1000 to 5. Lengths are kept: a sure point may go far out.",
  },
  {
    name: "triplet", title: "Triplet, batch all", loss: "triplet", set: ["mining=batch-all"], file: "triplet.onnx",
    rate: 0.005, headRate: 0, byAngle: false,
    about: "For all triplets of a batch: a point is to be nearer to those of its class than to others, by a margin. There are no class weights.",
  },
  {
    name: "contrastive", title: "Contrastive", loss: "contrastive", set: ["mining=all"], file: "contrastive.onnx",
    rate: 0.005, headRate: 0, byAngle: false,
    about: "For all pairs of a batch: the same digit draws together, different digits push each other a distance of 1 apart. There are no class weights.",
  },
];
