/** The page's own controls: calm, reachable by keyboard, the same everywhere. */
export { Badge, type BadgeTone } from "@/ui/badge";
export { Button, type ButtonProps, type ButtonVariant } from "@/ui/button";
export { classes } from "@/ui/class-names";
export { ConfirmDialog, type ConfirmDialogProps } from "@/ui/confirm-dialog";
export { copyText } from "@/ui/copy-text";
export { Dialog, type DialogProps } from "@/ui/dialog";
export { EmptyState } from "@/ui/empty-state";
export { IconButton, type IconButtonProps } from "@/ui/icon-button";
export {
  Menu,
  MenuChoices,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  type MenuChoice,
  type MenuItemProps,
  type MenuProps,
} from "@/ui/menu";
export { Spinner } from "@/ui/spinner";
export { TextField, type TextFieldProps } from "@/ui/text-field";
export { toast, Toaster, type ToastKind } from "@/ui/toast";
export { Tooltip, TooltipProvider } from "@/ui/tooltip";
