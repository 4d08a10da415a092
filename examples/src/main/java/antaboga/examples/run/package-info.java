// SPDX-License-Identifier: Apache-2.0
/**
 * What the commands do: data folders, teacher, student, scores; and how they speak on a terminal.
 */
@NullMarked
package antaboga.examples.run;

import org.jspecify.annotations.NullMarked;
