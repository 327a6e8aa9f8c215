import type { Store } from './store';

/** What localStorage refuses, because the browser forbids it or it is full, is kept as long as the page lives. */
export class PageStore implements Store {
  private readonly memory = new Map<string, string>();

  get(key: string): string | null {
    const kept = this.memory.get(key);
    return kept ?? this.tried((storage) => storage.getItem(key)) ?? null;
  }

  set(key: string, value: string): void {
    const stored = this.tried((storage) => {
      storage.setItem(key, value);
      return true;
    });
    if (stored) this.memory.delete(key);
    else this.memory.set(key, value);
  }

  remove(key: string): void {
    this.memory.delete(key);
    this.tried((storage) => storage.removeItem(key));
  }

  keys(): string[] {
    const stored = this.tried((storage) => Object.keys(storage)) ?? [];
    return [...new Set([...stored, ...this.memory.keys()])];
  }

  private tried<T>(use: (storage: Storage) => T): T | undefined {
    try {
      return use(window.localStorage);
    } catch {
      return undefined;
    }
  }
}
