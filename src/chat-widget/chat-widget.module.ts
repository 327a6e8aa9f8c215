import { Module } from '@nestjs/common';
import { ChatWidgetController } from './chat-widget.controller';
import { WidgetScript } from './widget-script';

@Module({ controllers: [ChatWidgetController], providers: [WidgetScript] })
export class ChatWidgetModule {}
