// Package model says what a grant is, as an outsider would: clients, subjects,
// the store generation, grants, the line of a grant's refresh tokens, its eight
// places for access tokens, and what each operation may answer. It judges
// recorded histories by that, with porcupine, and by the plain promise.
//
// It must know nothing of the stores, of shared/grant or of anything else of
// ours: its worth is that it was written from the documents alone. The rules are:
//
//   - An operation takes effect at one moment between its call and its answer.
//   - One whose answer nobody knows takes effect at any later moment, or never:
//     its return is put after all others, where nothing contradicts it.
//   - What has two steps in truth may answer as either of two orders would; there
//     the model is nondeterministic, and says why.
//   - Time stands still: the grace never ends and nothing expires. Whoever
//     records a history sees to it that it is shorter than the grace.
package model
