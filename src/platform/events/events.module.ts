import { Global, Module } from '@nestjs/common';
import { Broadcast } from './broadcast';
import { DatabaseListener } from './database-listener';
import { Journal } from './journal';
import { JournalConsumers } from './journal-consumers';
import { JournalReader } from './journal-reader';
import { JournalTail } from './journal-tail';
import { Retention } from './retention';
import { WakeUp } from './wake-up';

@Global()
@Module({
  providers: [
    DatabaseListener,
    WakeUp,
    Broadcast,
    Journal,
    JournalReader,
    JournalTail,
    JournalConsumers,
    Retention,
  ],
  exports: [WakeUp, Broadcast, Journal, JournalReader, JournalTail, JournalConsumers],
})
export class EventsModule {}
