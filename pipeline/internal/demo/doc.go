// Package demo generates fictitious deliveries, as untidy as real ones, with which a region can try
// inbeeld.
//
// Words:
//
//   - The letter is the published table of klantprofielen per gemeente, which the last Sonar delivery
//     must reproduce. A figure is a published number from the kerncijfers.
//   - A quarter is one of eight peildata, counted from zero. The earlier register is of 2016, the year
//     of the published figures.
//   - The population has all people and their history, without faults.
//   - A notation is how a supplier writes dates, numbers and names in one file.
//   - Dirt is the difference between the population and an extract, such as a lost leading zero.
//   - An extract is one file as the supplier delivers it.
//
// No person in it exists. The BSNs pass the elfproef and begin with 999 or, so that they can lose a
// leading zero, with 01000.
package demo
