// What this browser remembers between meetings. Works, without memory, where storage is forbidden.

const prefix = "jumpa.";
const fallback = new Map();

export const preferences = {
  /** @returns {any} the remembered value or undefined */
  get(name) {
    try {
      const text = localStorage.getItem(prefix + name);
      return text === null ? fallback.get(name) : JSON.parse(text);
    } catch {
      return fallback.get(name);
    }
  },

  set(name, value) {
    fallback.set(name, value);
    try {
      if (value === undefined) localStorage.removeItem(prefix + name);
      else localStorage.setItem(prefix + name, JSON.stringify(value));
    } catch {
      // Private windows and full disks: the value lives as long as the page.
    }
  },
};
