/** What a scanner says of a file. */
export type Verdict =
  | { kind: 'clean' }
  /** `signature`: the name of what was found. */
  | { kind: 'infected'; signature: string }
  /** Larger than the scanner takes: nothing is known of it. */
  | { kind: 'too_large' };

/** Looks for viruses in files. Where it cannot say anything now, it throws `SCANNER_UNAVAILABLE`. */
export abstract class VirusScanner {
  /** What was chosen, for the log. */
  abstract readonly description: string;
  abstract scan(path: string): Promise<Verdict>;
  /** Whether files can be scanned at this moment; null where none ever are. */
  abstract isUp(): Promise<boolean | null>;
}

/** Where no scanner is configured. */
export class NoScanner extends VirusScanner {
  readonly description = 'not scanned';

  scan(): Promise<Verdict> {
    return Promise.resolve({ kind: 'clean' });
  }

  isUp(): Promise<null> {
    return Promise.resolve(null);
  }
}
