// SPDX-License-Identifier: Apache-2.0
/** Studies: many trainings described by one file, run where they are missing, and compared. */
@NullMarked
package antaboga.examples.study;

import org.jspecify.annotations.NullMarked;
