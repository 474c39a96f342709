// Package demo generates deliveries with which a region can try inbeeld: entirely fictitious, and as
// untidy as real ones.
//
// Words:
//
//   - The letter is the published table of klantprofielen per gemeente that the last Sonar delivery
//     must reproduce. A figure is a published number from the kerncijfers.
//   - A quarter is one of eight peildata, counted from zero. The earlier register is that of 2016, for
//     which figures are known.
//   - The population is who exists, and when, without any fault.
//   - A notation is how a supplier writes dates, numbers and names in one file.
//   - Dirt is what goes wrong between the population and an extract.
//   - An extract is one file as the supplier delivers it.
//
// Nobody in it exists. The BSNs pass the elfproef; they begin with 999 or, to show a lost leading zero,
// with 01000.
package demo
