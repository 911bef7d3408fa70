// What makes the pages alive. Without it they are complete: links are links and forms are forms.
import { startHeader } from './header.js';
import { startLikes } from './likes.js';
import { startNavigation } from './navigation.js';
import { startTheme } from './theme.js';

startHeader();
startTheme();
startLikes();
startNavigation();
