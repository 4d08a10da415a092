// SPDX-License-Identifier: Apache-2.0
/** The command line: one class per sub-command. */
@NullMarked
package antaboga.examples.cli;

import org.jspecify.annotations.NullMarked;
