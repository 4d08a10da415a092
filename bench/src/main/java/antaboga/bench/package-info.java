// SPDX-License-Identifier: Apache-2.0
/** JMH benchmarks; each checks its result before it times anything. */
@NullMarked
package antaboga.bench;

import org.jspecify.annotations.NullMarked;
