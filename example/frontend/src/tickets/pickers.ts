import { registerPickers } from '@channels-binding/mui/pickers'

// Every form from now on has calendars for its dates.
registerPickers()
