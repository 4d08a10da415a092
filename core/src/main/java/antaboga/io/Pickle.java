// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads values that Python pickled, protocols 2 to 5, and runs nothing: what a pickle may name,
 * call or build is decided by a {@link World}, everything else is refused.
 *
 * <p>Values are String, Long, BigInteger, Double, Boolean, {@link #NONE}, byte strings as {@link
 * Opaque}, List, {@link Tuple}, Map, and what the world makes. Limits on bytes, opcodes and sizes
 * bound time and memory for any input. Source: Python's {@code Lib/pickletools.py}.
 */
final class Pickle {
  /** What names and calls in a pickle mean. */
  interface World {
    /** The meaning of a global name, or an exception. */
    Object global(String module, String name) throws Refused;

    /** The result of a call, or an exception. */
    Object call(Object callable, Tuple arguments) throws Refused;

    /** What a persistent id stands for, or an exception. */
    Object persistent(Object id) throws Refused;
  }

  /** Why a pickle is not read; the reader adds where. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String problem) {
      super(problem);
    }
  }

  /** A tuple. */
  record Tuple(List<Object> items) {}

  /** A value that matters to nobody here. */
  record Opaque(String kind) {}

  /** Python's None. */
  static final Opaque NONE = new Opaque("None");

  private static final int MOST_BYTES = 8 << 20; // a large model takes 0.2 MiB
  private static final int MOST_OPCODES = 300_000; // a tensor takes about 30
  private static final int LONGEST_INTEGER = 32;
  private static final int LONGEST_LINE = 1 << 10;
  private static final int LONGEST_TEXT = 1 << 20;

  private final Input in;
  private final World world;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();

  private Pickle(Input in, World world) {
    this.in = in;
    this.world = world;
  }

  /** Reads one pickle; the input then stands behind it. */
  static Object read(Path path, Input in, World world) throws IOException {
    var pickle = new Pickle(in, world);
    try {
      return pickle.run();
    } catch (Refused e) {
      throw new FormatException(
          path, "pickle", e.getMessage() + " (at byte " + in.position() + ")");
    }
  }

  private Object run() throws IOException, Refused {
    while (in.opcodes++ < MOST_OPCODES) {
      int opcode = in.u1();
      if (opcode == '.') {
        return pop();
      }
      step(opcode);
    }
    throw new Refused("more than " + MOST_OPCODES + " opcodes");
  }

  private void step(int opcode) throws IOException, Refused {
    switch (opcode) {
      case 0x80 -> protocol(in.u1());
      case 0x95 -> in.skip(8); // a frame's length, which only speeds up reading
      case '(' -> marks.add(stack.size());
      case '0' -> pop();
      case '1' -> popMarked();
      case '2' -> push(top());
      case 'N' -> push(NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) (int) in.u4());
      case 'K' -> push((long) in.u1());
      case 'M' -> push((long) in.u2());
      case 0x8a -> push(integer(in.u1()));
      case 0x8b -> push(integer(in.u4()));
      case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.u8())));
      case 'X' -> push(in.text(in.u4()));
      case 0x8c -> push(in.text(in.u1()));
      case 0x8d -> push(in.text(in.u8()));
      case 'U' -> push(in.latin(in.u1())); // strings of Python 2
      case 'T' -> push(in.latin(in.u4()));
      case 'C' -> push(bytes(in.u1()));
      case 'B' -> push(bytes(in.u4()));
      case 0x8e, 0x96 -> push(bytes(in.u8()));
      case ']' -> push(new ArrayList<>());
      case '}' -> push(new LinkedHashMap<>());
      case ')' -> push(new Tuple(List.of()));
      case 0x85 -> tuple(1);
      case 0x86 -> tuple(2);
      case 0x87 -> tuple(3);
      case 't' -> push(new Tuple(popMarked()));
      case 'a' -> append(List.of(pop()));
      case 'e' -> append(popMarked());
      case 's' -> set(popTwo());
      case 'u' -> set(popMarked());
      case 'q' -> memo.put((long) in.u1(), top());
      case 'r' -> memo.put(in.u4(), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> push(remembered(in.u1()));
      case 'j' -> push(remembered(in.u4()));
      case 'c' -> push(world.global(in.line(), in.line()));
      case 0x93 -> stackGlobal();
      case 'R' -> call();
      case 'b' -> build();
      case 'Q' -> push(world.persistent(pop()));
      case 'i', 'o', 0x81, 0x92 -> refuseObject();
      default -> throw new Refused("opcode 0x%02x does not occur in checkpoints".formatted(opcode));
    }
  }

  private static void protocol(int version) throws Refused {
    if (version < 2 || version > 5) {
      throw new Refused("protocol " + version + ", expected 2 to 5");
    }
  }

  private void call() throws Refused {
    var arguments = pop();
    var callable = pop();
    if (!(arguments instanceof Tuple tuple)) {
      throw new Refused("a call without a tuple of arguments");
    }
    push(world.call(callable, tuple));
  }

  // PyTorch's state dicts carry _metadata, which says nothing about their arrays
  private void build() throws Refused {
    pop();
    if (!(top() instanceof Map<?, ?>)) {
      throw new Refused("an object with a state of its own; save the state_dict() instead");
    }
  }

  private void refuseObject() throws Refused {
    for (int i = stack.size() - 1; i >= 0; i--) {
      if (stack.get(i) instanceof Opaque named) {
        throw new Refused("an object of " + named.kind() + "; save the state_dict() instead");
      }
    }
    throw new Refused("an object of some class; save the state_dict() instead");
  }

  private void stackGlobal() throws Refused {
    var name = pop();
    if (!(pop() instanceof String module) || !(name instanceof String text)) {
      throw new Refused("a global name that is no text");
    }
    push(world.global(module, text));
  }

  private void append(List<Object> items) throws Refused {
    if (!(top() instanceof ArrayList<?>)) {
      throw new Refused("items for what is no list");
    }
    @SuppressWarnings("unchecked") // lists are made here, of Object
    var list = (List<Object>) top();
    list.addAll(items);
  }

  private void set(List<Object> items) throws Refused {
    if (!(top() instanceof Map<?, ?>) || items.size() % 2 != 0) {
      throw new Refused("entries for what is no dictionary");
    }
    @SuppressWarnings("unchecked") // maps are made here and by the world, of Object
    var map = (Map<Object, Object>) top();
    for (int i = 0; i < items.size(); i += 2) {
      putOnce(map, items.get(i), items.get(i + 1));
    }
  }

  /** Adds an entry. A key must have a hash of its own: no map that contains itself can be one. */
  static void putOnce(Map<Object, Object> map, Object key, Object value) throws Refused {
    if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
      throw new Refused("a dictionary key that is neither text nor number");
    }
    if (map.put(key, value) != null) {
      throw new Refused("key " + key + " comes twice in a dictionary");
    }
  }

  private Object integer(long length) throws IOException, Refused {
    if (length > LONGEST_INTEGER) {
      throw new Refused("an integer of " + length + " bytes, expected at most " + LONGEST_INTEGER);
    }
    var bytes = in.bytes(length);
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte b = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = b;
    }
    var value = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private Opaque bytes(long length) throws IOException {
    in.skip(length);
    return new Opaque("bytes");
  }

  private Object remembered(long index) throws Refused {
    var value = memo.get(index);
    if (value == null) {
      throw new Refused("a reference to nothing");
    }
    return value;
  }

  private void push(Object value) {
    stack.add(value);
  }

  private int fence() {
    return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
  }

  private Object top() throws Refused {
    if (stack.size() <= fence()) {
      throw new Refused("its stack is empty");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() throws Refused {
    var top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private List<Object> popTwo() throws Refused {
    var value = pop();
    return List.of(pop(), value);
  }

  private void tuple(int size) throws Refused {
    if (stack.size() - fence() < size) {
      throw new Refused("its stack is empty");
    }
    push(new Tuple(popFrom(stack.size() - size)));
  }

  private List<Object> popMarked() throws Refused {
    if (marks.isEmpty()) {
      throw new Refused("its stack has no mark");
    }
    return popFrom(marks.remove(marks.size() - 1));
  }

  private List<Object> popFrom(int index) {
    var tail = stack.subList(index, stack.size());
    var items = List.copyOf(tail);
    tail.clear();
    return items;
  }

  /** The bytes of a pickle, read in blocks. */
  static final class Input {
    private final Path path;
    private final ByteSource source;
    private final long end;
    private final ByteBuffer block = ByteBuffer.allocate(1 << 13).order(ByteOrder.LITTLE_ENDIAN);
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private int opcodes; // of all pickles read from here
    private long next;

    /** The source from its first byte; more than 8 MiB of pickle are refused. */
    Input(Path path, ByteSource source, long size) {
      this.path = path;
      this.source = source;
      this.end = Math.min(size, MOST_BYTES);
      block.limit(0);
    }

    /** Where the next byte stands. */
    long position() {
      return next - block.remaining();
    }

    int u1() throws IOException {
      need(1);
      return block.get() & 0xff;
    }

    int u2() throws IOException {
      need(2);
      return block.getShort() & 0xffff;
    }

    long u4() throws IOException {
      need(4);
      return block.getInt() & 0xffffffffL;
    }

    long u8() throws IOException {
      need(8);
      return block.getLong();
    }

    void skip(long count) throws IOException {
      require(count);
      long from = position() + count;
      if (count <= block.remaining()) {
        block.position(block.position() + (int) count);
      } else {
        next = from;
        block.limit(0);
      }
    }

    byte[] bytes(long count) throws IOException {
      require(count);
      if (count > LONGEST_TEXT) {
        throw new FormatException(path, "pickle", "a text of " + count + " bytes");
      }
      var bytes = new byte[(int) count];
      int inBlock = Math.min(bytes.length, block.remaining());
      block.get(bytes, 0, inBlock);
      if (inBlock < bytes.length) {
        source.read(next, ByteBuffer.wrap(bytes, inBlock, bytes.length - inBlock));
        next += bytes.length - inBlock;
      }
      return bytes;
    }

    String text(long count) throws IOException {
      try {
        return utf8.decode(ByteBuffer.wrap(bytes(count))).toString();
      } catch (CharacterCodingException e) {
        throw new FormatException(path, "pickle", "a text that is not UTF-8");
      }
    }

    String latin(long count) throws IOException {
      return new String(bytes(count), StandardCharsets.ISO_8859_1);
    }

    String line() throws IOException {
      var line = new StringBuilder();
      for (int c = u1(); c != '\n'; c = u1()) {
        if (line.length() >= LONGEST_LINE) {
          throw new FormatException(path, "pickle", "a name of more than " + LONGEST_LINE);
        }
        line.append((char) c);
      }
      return line.toString();
    }

    private void require(long count) throws FormatException {
      if (count < 0 || count > end - position()) {
        throw new FormatException(
            path, "pickle", "ends too early: " + count + " bytes wanted at " + position());
      }
    }

    private void need(int count) throws IOException {
      if (block.remaining() < count) {
        require(count);
        block.compact();
        block.limit((int) Math.min(block.capacity(), end - next + block.position()));
        int kept = block.position();
        source.read(next, block);
        block.flip();
        next += block.limit() - kept;
      }
    }
  }
}
