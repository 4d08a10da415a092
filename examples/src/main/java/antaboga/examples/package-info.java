// SPDX-License-Identifier: Apache-2.0
/** Numbered lessons; each main method is one page. */
@NullMarked
package antaboga.examples;

import org.jspecify.annotations.NullMarked;
