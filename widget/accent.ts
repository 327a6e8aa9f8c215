const DEFAULT = '#4f46e5';

/** The accent, and black or white on it: one of them always has a contrast of 4.5 or more. */
export function accentOf(wanted: string | null): { accent: string; onAccent: string } {
  const accent = hexOf(wanted) ?? DEFAULT;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) =>
    linear(Number.parseInt(accent.slice(at, at + 2), 16) / 255),
  );
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  // Where (1 + 0.05) / (L + 0.05) equals (L + 0.05) / 0.05.
  return { accent, onAccent: luminance > 0.179 ? '#000' : '#fff' };
}

/** Any opaque colour of CSS as #rrggbb: a canvas tells it so. Null for anything else. */
function hexOf(color: string | null): string | null {
  const context = document.createElement('canvas').getContext('2d');
  if (color === null || context === null || !CSS.supports('color', color)) return null;
  context.fillStyle = color;
  const told = context.fillStyle;
  return /^#[0-9a-f]{6}$/.test(told) ? told : null;
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
