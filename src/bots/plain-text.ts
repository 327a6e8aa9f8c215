/** Lower case, without accents, punctuation and doubled blanks: `¿Envíos?` is `envios`. */
export function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Whether the plain text holds the keyword as whole words. */
export function holds(plainText: string, keyword: string): boolean {
  const word = plain(keyword);
  return word !== '' && ` ${plainText} `.includes(` ${word} `);
}
