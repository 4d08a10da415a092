// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON that headers are written in, read strictly: objects without repeated keys, arrays,
 * strings, and integers that a long holds. Nothing may follow but blanks.
 */
final class Json {
  /** What is wrong, and at which character. */
  static final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    SyntaxException(String problem, int at) {
      super(problem + " at character " + at);
    }
  }

  private static final int DEEPEST = 8; // a header needs three levels
  private static final int MOST_VALUES = 100_000; // an array takes about 8

  private final String text;
  private int at;
  private int values;

  private Json(String text) {
    this.text = text;
  }

  /** A Map, List, String or Long, nested; maps keep the order of the text. */
  static Object read(String text) throws SyntaxException {
    var json = new Json(text);
    var value = json.value(1);
    json.blanks();
    if (json.at < text.length()) {
      throw json.wrong("something follows the value");
    }
    return value;
  }

  /** The text in quotes, with what must be escaped escaped. */
  static String quoted(String text) {
    var out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20) {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  private Object value(int depth) throws SyntaxException {
    if (depth > DEEPEST) {
      throw wrong("more than " + DEEPEST + " levels");
    }
    if (++values > MOST_VALUES) {
      throw wrong("more than " + MOST_VALUES + " values");
    }
    char c = next();
    if (c == '{') {
      return object(depth);
    }
    if (c == '[') {
      return array(depth);
    }
    if (c == '"') {
      return string();
    }
    if (c == '-' || isDigit(c)) {
      at--;
      return number();
    }
    at--;
    throw wrong("expected an object, an array, a string or an integer, found '" + c + "'");
  }

  private Map<String, Object> object(int depth) throws SyntaxException {
    var object = new LinkedHashMap<String, Object>();
    if (closes('}')) {
      return object;
    }
    do {
      expect('"');
      int start = at;
      var key = string();
      expect(':');
      if (object.containsKey(key)) {
        at = start;
        throw wrong("key \"" + key + "\" comes twice");
      }
      object.put(key, value(depth + 1));
    } while (continues('}'));
    return object;
  }

  private List<Object> array(int depth) throws SyntaxException {
    var array = new ArrayList<Object>();
    if (closes(']')) {
      return array;
    }
    do {
      array.add(value(depth + 1));
    } while (continues(']'));
    return array;
  }

  private Long number() throws SyntaxException {
    int start = at;
    if (text.charAt(at) == '-') {
      at++;
    }
    int digits = at;
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
    boolean leadingZero = at - digits > 1 && text.charAt(digits) == '0';
    boolean fraction = at < text.length() && ".eE".indexOf(text.charAt(at)) >= 0;
    if (at == digits || leadingZero || fraction || at - digits > 19) {
      throw wrong("expected an integer of at most 19 digits");
    }
    try {
      return Long.valueOf(text.substring(start, at));
    } catch (NumberFormatException e) {
      throw wrong("expected an integer below 2^63");
    }
  }

  private String string() throws SyntaxException {
    int start = at;
    while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') {
      plain(text.charAt(at++));
    }
    if (at < text.length() && text.charAt(at) == '"') {
      return text.substring(start, at++);
    }
    var out = new StringBuilder(text.substring(start, at));
    while (true) {
      char c = here();
      if (c == '"') {
        break;
      }
      out.append(c == '\\' ? escape() : plain(c));
    }
    if (hasLoneSurrogate(out)) {
      throw wrong("a string is not Unicode");
    }
    return out.toString();
  }

  private char plain(char c) throws SyntaxException {
    if (c < 0x20) {
      throw wrong("a control character stands in a string");
    }
    return c;
  }

  private char escape() throws SyntaxException {
    char c = here();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> hexadecimal();
      default -> throw wrong("unknown escape \\" + c);
    };
  }

  private char hexadecimal() throws SyntaxException {
    int code = 0;
    for (int i = 0; i < 4; i++) {
      int digit = "0123456789abcdef".indexOf(Character.toLowerCase(here()));
      if (digit < 0) {
        throw wrong("expected four hexadecimal digits");
      }
      code = (code << 4) | digit;
    }
    return (char) code;
  }

  private static boolean hasLoneSurrogate(CharSequence text) {
    return text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  private boolean closes(char end) throws SyntaxException {
    if (next() == end) {
      return true;
    }
    at--;
    return false;
  }

  private boolean continues(char end) throws SyntaxException {
    char c = next();
    if (c != ',' && c != end) {
      at--;
      throw wrong("expected ',' or '" + end + "', found '" + c + "'");
    }
    return c == ',';
  }

  private void expect(char expected) throws SyntaxException {
    char c = next();
    if (c != expected) {
      at--;
      throw wrong("expected '" + expected + "', found '" + c + "'");
    }
  }

  private char next() throws SyntaxException {
    blanks();
    return here();
  }

  private char here() throws SyntaxException {
    if (at >= text.length()) {
      throw wrong("the text ends too early");
    }
    return text.charAt(at++);
  }

  private void blanks() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private SyntaxException wrong(String problem) {
    return new SyntaxException(problem, at);
  }
}
