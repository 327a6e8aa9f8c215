import { flagOf, idOf, type Loose, objectOf, present, textOf } from './loose-json';
import type { ContextExtras, PayloadExtras, Referral } from './message-payload';
import { metaErrorsOf } from './meta-error';

/** What the message carries besides its content; null for the usual message, which carries nothing. */
export function payloadExtrasOf(message: Loose): PayloadExtras | null {
  const errors = metaErrorsOf(message.errors);
  const referral = referralOf(objectOf(message.referral));
  const context = contextExtrasOf(objectOf(message.context));
  if (errors.length === 0 && referral === null && context === null) return null;
  return present({ referral, context, errors: errors.length > 0 ? errors : null });
}

function referralOf(given: Loose | null): Referral | null {
  if (given === null) return null;
  return present({
    source_url: textOf(given.source_url),
    source_id: idOf(given.source_id),
    source_type: textOf(given.source_type, 64),
    headline: textOf(given.headline),
    body: textOf(given.body),
    media_type: textOf(given.media_type, 64),
    image_url: textOf(given.image_url),
    video_url: textOf(given.video_url),
    thumbnail_url: textOf(given.thumbnail_url),
    ctwa_clid: textOf(given.ctwa_clid),
    welcome_message: textOf(objectOf(given.welcome_message)?.text),
  });
}

function contextExtrasOf(given: Loose | null): ContextExtras | null {
  if (given === null) return null;
  const product = objectOf(given.referred_product);
  const frequentlyForwarded = flagOf(given.frequently_forwarded) === true;
  if (product === null && !frequentlyForwarded) return null;
  return present({
    frequently_forwarded: frequentlyForwarded || null,
    referred_product:
      product &&
      present({
        catalog_id: idOf(product.catalog_id),
        product_retailer_id: idOf(product.product_retailer_id),
      }),
  });
}
