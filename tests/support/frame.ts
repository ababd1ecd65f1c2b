// Makes the test page look like the frame of every page: the styles, and the mark that scripts run.
import '../../src/app.css';

document.documentElement.classList.add('js');
